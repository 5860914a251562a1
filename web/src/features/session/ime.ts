// What Enter means in the composer. While an input method composes, Enter confirms a candidate and never sends: browsers say so in three
// ways (isComposing, key code 229, and Safari's Enter right after the composition's end), and each alone is not enough.

/** Safari ends the composition first and then reports the Enter that ended it. */
const AFTER_MS = 50;

export type Press = {
  key: string;
  shiftKey: boolean;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  isComposing: boolean;
  keyCode: number;
  timeStamp: number;
};
export type Meaning = "send" | "newline" | "nothing";

export class Composing {
  private on = false;
  private ended = Number.NEGATIVE_INFINITY;

  start(): void {
    this.on = true;
  }

  end(at: number): void {
    this.on = false;
    this.ended = at;
  }

  /** `touch`: the keyboard is on the glass, where Enter is a new line and a button sends. */
  enter(press: Press, touch: boolean): Meaning {
    if (press.key !== "Enter") return "nothing";
    const composing =
      this.on || press.isComposing || press.keyCode === 229 || (press.timeStamp >= this.ended && press.timeStamp - this.ended < AFTER_MS);
    if (composing) return "nothing";
    if (press.ctrlKey || press.metaKey) return "send";
    if (press.shiftKey || press.altKey || touch) return "newline";
    return "send";
  }
}
