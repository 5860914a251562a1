// What is being written, and what was written before: per session, on this device.

const MOST = 50;

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

export function draftOf(session: string): string {
  return read(`fugue.draft.${session}`);
}

export function keepDraft(session: string, text: string): void {
  if (text === "") localStorage.removeItem(`fugue.draft.${session}`);
  else localStorage.setItem(`fugue.draft.${session}`, text);
}

/** What was sent from this device, newest first. */
export function history(): string[] {
  try {
    const kept: unknown = JSON.parse(read("fugue.history") || "[]");
    return Array.isArray(kept) ? kept.filter((text): text is string => typeof text === "string") : [];
  } catch {
    return [];
  }
}

export function remember(text: string): void {
  localStorage.setItem("fugue.history", JSON.stringify([text, ...history().filter((one) => one !== text)].slice(0, MOST)));
}
