// Words that are longer than any language's. Where letters stand closer to some than to others, the browser measures such a word anew from its
// beginning for each line of it: one of 60,000 letters held a screen for four seconds, and one of 200,000 for a minute.

const LETTERS_MAX = 1_000;

/** The look of a text that an agent or a stranger wrote: whoever writes longer words does without the finer points of setting type. */
export function settingOf(text: string): string {
  if (text.length <= LETTERS_MAX) return "";
  return text.split(/\s/).some((word) => word.length > LETTERS_MAX) ? "[font-kerning:none] [font-variant-ligatures:none]" : "";
}
