import { describe, expect, it } from "vitest";
import { Composing, type Press } from "@/features/session/ime";

const press = (more: Partial<Press> = {}): Press => ({
  key: "Enter",
  shiftKey: false,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  isComposing: false,
  keyCode: 13,
  timeStamp: 1_000,
  ...more,
});

describe("Enter", () => {
  it("sends, and makes a line with Shift or Alt, or on glass", () => {
    const one = new Composing();
    expect(one.enter(press(), false)).toBe("send");
    expect(one.enter(press({ shiftKey: true }), false)).toBe("newline");
    expect(one.enter(press({ altKey: true }), false)).toBe("newline");
    expect(one.enter(press(), true)).toBe("newline");
    expect(one.enter(press({ metaKey: true }), true)).toBe("send");
    expect(one.enter(press({ key: "a" }), false)).toBe("nothing");
  });
  it("never sends while a candidate is confirmed (Chrome, Firefox)", () => {
    const one = new Composing();
    one.start();
    expect(one.enter(press({ isComposing: true, keyCode: 229 }), false)).toBe("nothing");
    expect(one.enter(press(), false)).toBe("nothing");
    expect(one.enter(press({ ctrlKey: true }), false)).toBe("nothing");
  });
  it("never sends the Enter that Safari reports after the end", () => {
    const one = new Composing();
    one.start();
    one.end(995);
    expect(one.enter(press({ timeStamp: 1_000 }), false)).toBe("nothing");
    expect(one.enter(press({ timeStamp: 1_000, keyCode: 229 }), false)).toBe("nothing");
    expect(one.enter(press({ timeStamp: 1_400 }), false)).toBe("send");
  });
  it("believes the key code alone", () => {
    expect(new Composing().enter(press({ keyCode: 229 }), false)).toBe("nothing");
  });
});
