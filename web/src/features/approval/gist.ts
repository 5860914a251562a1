/** What a question is about, for one line in a list. The bytes that count are shown whole in the card. */
export function gist(input: string): string {
  try {
    const fields: unknown = JSON.parse(input);
    if (typeof fields === "object" && fields !== null) {
      const { command, file_path: path } = fields as Record<string, unknown>;
      if (typeof command === "string") return command;
      if (typeof path === "string") return path;
    }
  } catch {
    // Not JSON: as it is.
  }
  return input;
}
