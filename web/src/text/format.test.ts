import { beforeEach, describe, expect, it } from "vitest";
import { age, ago, bytes, clock, count, duration, many, money, until } from "@/text/format";
import { changeLocale, preferred } from "@/text/locale";

describe("in English", () => {
  beforeEach(() => changeLocale("en"));
  it("money has cents, and more digits below one", () => {
    expect([money(0), money(0.31), money(1234.5), money(0.0042)]).toEqual(["$0.00", "$0.31", "$1,234.50", "$0.0042"]);
  });
  it("durations have two units at most", () => {
    expect([0, 8_249, 59_999, 61_000, 660_000, 3_900_000, 90_000_000].map(duration)).toEqual([
      "0.0s",
      "8.2s",
      "59s",
      "1m 1s",
      "11m",
      "1h 5m",
      "1d 1h",
    ]);
  });
  it("times are relative within a day", () => {
    const now = Date.parse("2026-11-21T14:00:00Z");
    expect([2_000, 240_000, 7_200_000].map((back) => ago(now - back, now))).toEqual(["2s ago", "4m ago", "2h ago"]);
    expect(ago(now - 200_000_000, now)).toBe("Nov 19");
    expect(ago(now + 5_000, now)).toBe("0s ago");
    expect([0, 59_000, 240_000, 7_200_000, 200_000_000].map((back) => age(now - back, now))).toEqual(["0s", "59s", "4m", "2h", "2d"]);
  });
  it("sizes and counts", () => {
    expect([bytes(12), bytes(1_200), bytes(83_000_000_000)]).toEqual(["12 bytes", "1.2 kB", "83 GB"]);
    expect([count(1234567), many(12345)]).toEqual(["1,234,567", "12.3K"]);
  });
  it("a moment of today is a time, another has its day", () => {
    const now = new Date(2026, 10, 21, 9, 0).getTime();
    expect(until(new Date(2026, 10, 21, 15, 0).getTime(), now)).toBe(clock(new Date(2026, 10, 21, 15, 0).getTime()));
    expect(until(new Date(2026, 10, 23, 15, 0).getTime(), now)).toBe("Nov 23, 15:00");
  });
});

describe("in Japanese", () => {
  beforeEach(() => changeLocale("ja"));
  it("money, durations, times and counts are Japanese", () => {
    expect(money(0.31)).toBe("$0.31");
    expect(duration(61_000)).toBe("1分1秒");
    const now = Date.parse("2026-11-21T14:00:00Z");
    expect(ago(now - 240_000, now)).toBe("4分前");
    expect(age(now - 240_000, now)).toBe("4分");
    expect(ago(now - 200_000_000, now)).toBe("11月19日");
    expect(many(12345)).toBe("1.2万");
  });
});

describe("the language", () => {
  it("is what was chosen, then what the person reads, then English", () => {
    expect(preferred("ja", ["en"])).toBe("ja");
    expect(preferred(null, ["fr-FR", "ja-JP", "en"])).toBe("ja");
    expect(preferred("xx", ["fr"])).toBe("en");
  });
});
