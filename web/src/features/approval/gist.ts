/** What a question has in it, if it is made of named parts. */
export function partsOf(input: string): Record<string, unknown> {
  try {
    const parts: unknown = JSON.parse(input);
    return typeof parts === "object" && parts !== null ? (parts as Record<string, unknown>) : {};
  } catch {
    // Not JSON: it has no parts.
    return {};
  }
}

/** What a question is about, for one line in a list. The bytes that count are shown whole in the card. */
export function gist(input: string): string {
  const { command, file_path: path } = partsOf(input);
  if (typeof command === "string") return command;
  return typeof path === "string" ? path : input;
}
