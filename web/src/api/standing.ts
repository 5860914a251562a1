import type { Standing } from "@/api/link";
import { clock } from "@/text/format";
import { m } from "@/text/gen/messages.js";

/** The connection in words: what is on the screen, and how old it is. */
export function standingWord(standing: Standing): string {
  switch (standing.kind) {
    case "live":
      return m.live();
    case "connecting":
      return m.connecting();
    case "catching_up":
      return m.catching_up();
    case "locked_out":
      return m.locked_out_word();
    case "offline":
      return standing.seen === undefined
        ? m.offline_since({ since: clock(standing.since) })
        : m.offline_showing({ since: clock(standing.since), seen: clock(standing.seen) });
  }
}
