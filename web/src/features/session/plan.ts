/** A step of the agent's own plan. */
export type Step = { text: string; state: "pending" | "in_progress" | "completed" };

/** The plan that a tool call writes down, when it does. */
export function planOf(input: unknown): Step[] | undefined {
  const todos = (input as { todos?: unknown } | null)?.todos;
  if (!Array.isArray(todos)) return undefined;
  return todos.flatMap((todo: { content?: unknown; status?: unknown } | null) => {
    if (typeof todo?.content !== "string") return [];
    const state = todo.status === "completed" || todo.status === "in_progress" ? todo.status : "pending";
    return [{ text: todo.content, state }];
  });
}
