// Times, money and sizes as people of the chosen language write them.
import { locale } from "@/text/locale";

const cache = new Map<string, unknown>();

function made<T>(key: string, make: (tag: string) => T): T {
  const tag = locale();
  const name = `${tag} ${key}`;
  if (!cache.has(name)) cache.set(name, make(tag));
  return cache.get(name) as T;
}

/** Dollars. Below one cent there are more digits, so that small things do not look free. */
export function money(usd: number): string {
  const digits = usd !== 0 && Math.abs(usd) < 0.01 ? 4 : 2;
  return made(
    `money${digits}`,
    (tag) =>
      new Intl.NumberFormat(tag, {
        style: "currency",
        currency: "USD",
        currencyDisplay: "narrowSymbol",
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      }),
  ).format(usd);
}

export function count(value: number): string {
  return made("count", (tag) => new Intl.NumberFormat(tag)).format(value);
}

/** The short form of many: 1.2K, 1.2万. */
export function many(value: number): string {
  return made("many", (tag) => new Intl.NumberFormat(tag, { notation: "compact", maximumFractionDigits: 1 })).format(value);
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** Bytes in decimal units. */
export function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(value) / 3));
  const unit = UNITS[power] ?? "byte";
  const display = power === 0 ? "long" : "short";
  return made(
    `bytes${unit}`,
    (tag) => new Intl.NumberFormat(tag, { style: "unit", unit, unitDisplay: display, maximumFractionDigits: 1 }),
  ).format(value / 1000 ** power);
}

/** How long something takes: two units at most. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  const unit = (name: "second" | "minute" | "hour" | "day", value: number, digits = 0) =>
    made(
      `unit${name}${digits}`,
      (tag) =>
        new Intl.NumberFormat(tag, {
          style: "unit",
          unit: name,
          unitDisplay: tag === "ja" ? "short" : "narrow",
          minimumFractionDigits: digits,
          maximumFractionDigits: digits,
        }),
    )
      .format(value)
      .replace(" ", "");
  if (seconds < 10) return unit("second", Math.floor(seconds * 10) / 10, 1);
  const whole = Math.floor(seconds);
  if (whole < 60) return unit("second", whole);
  const [minutes, hours, days] = [Math.floor(whole / 60), Math.floor(whole / 3600), Math.floor(whole / 86_400)];
  const join = locale() === "ja" ? "" : " ";
  if (minutes < 60) return minutes < 10 ? `${unit("minute", minutes)}${join}${unit("second", whole % 60)}` : unit("minute", minutes);
  if (hours < 24) return `${unit("hour", hours)}${join}${unit("minute", minutes % 60)}`;
  return `${unit("day", days)}${join}${unit("hour", hours % 24)}`;
}

/** The time of day. */
export function clock(at: number): string {
  return made("clock", (tag) => new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })).format(at);
}

/** The time of day to the second, for what follows upon each other. */
export function clockSeconds(at: number): string {
  return made(
    "clockSeconds",
    (tag) => new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
  ).format(at);
}

/** Day and time, whole. */
export function moment(at: number): string {
  return made("moment", (tag) => new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" })).format(at);
}

/** The day alone, whole. */
export function date(at: number): string {
  return made("date", (tag) => new Intl.DateTimeFormat(tag, { dateStyle: "medium" })).format(at);
}

/** A day that is written as a date, of no time zone: month and day, and the year unless it is this one. */
export function calendarDay(day: string | undefined): string {
  if (day === undefined) return "";
  const at = Date.parse(`${day}T00:00:00Z`);
  const year = day.slice(0, 4) === new Date().toISOString().slice(0, 4) ? undefined : "numeric";
  return made(
    `calendar${year ?? ""}`,
    (tag) => new Intl.DateTimeFormat(tag, { month: "short", day: "numeric", timeZone: "UTC", ...(year && { year }) }),
  ).format(at);
}

/** Several words as one phrase. */
export function list(words: readonly string[]): string {
  return made("list", (tag) => new Intl.ListFormat(tag, { type: "conjunction", style: "short" })).format(words);
}

/** How long ago, within a day; the date beyond. */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  const relative = () => made("relative", (tag) => new Intl.RelativeTimeFormat(tag, { numeric: "always", style: "narrow" }));
  if (seconds < 60) return relative().format(-seconds, "second");
  if (seconds < 3600) return relative().format(-Math.floor(seconds / 60), "minute");
  if (seconds < 86_400) return relative().format(-Math.floor(seconds / 3600), "hour");
  return made("day", (tag) => new Intl.DateTimeFormat(tag, { month: "short", day: "numeric" })).format(at);
}

/** How old something is, in one unit: for cards, where every letter counts. */
export function age(at: number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - at) / 1000));
  const [name, value] =
    seconds < 60
      ? (["second", seconds] as const)
      : seconds < 3600
        ? (["minute", Math.floor(seconds / 60)] as const)
        : seconds < 86_400
          ? (["hour", Math.floor(seconds / 3600)] as const)
          : (["day", Math.floor(seconds / 86_400)] as const);
  return made(
    `age${name}`,
    (tag) => new Intl.NumberFormat(tag, { style: "unit", unit: name, unitDisplay: tag === "ja" ? "short" : "narrow" }),
  )
    .format(value)
    .replace(" ", "");
}

/** A moment to come: the time today, day and time otherwise. */
export function until(at: number, now: number): string {
  const same = new Date(at).toDateString() === new Date(now).toDateString();
  if (same) return clock(at);
  return made(
    "until",
    (tag) => new Intl.DateTimeFormat(tag, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  ).format(at);
}
