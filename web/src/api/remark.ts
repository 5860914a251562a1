import type { Remark } from "@/api/event";
import { bytes, duration } from "@/text/format";
import { m } from "@/text/gen/messages.js";

/** What Fugue says in a transcript, in the reader's language; the words of a program, and what this version does not know, as they are. */
export function remarkWord(remark: Remark | undefined, words: string): string {
  switch (remark?.says) {
    case "compacted":
      return m.remark_compacted();
    case "retrying": {
      const { status, attempt, most, wait_ms } = remark;
      const wait = duration(wait_ms);
      return status === null ? m.remark_retrying({ attempt, most, wait }) : m.remark_retrying_status({ status, attempt, most, wait });
    }
    case "refused":
      return m.remark_refused({ words: remark.words });
    case "helper":
      return m.remark_helper({ words: remark.words });
    case "hung":
      return m.remark_hung({ time: duration(remark.seconds * 1_000) });
    case "line_too_long":
      return m.remark_line_too_long({ size: bytes(remark.bytes) });
    case "output_too_long":
      return m.remark_output_too_long({ size: bytes(remark.bytes) });
    case "event_too_long":
      return m.remark_event_too_long({ size: bytes(remark.bytes) });
    case "event_lost":
      return m.remark_event_lost();
    case "turn_full":
      return m.remark_turn_full({ size: bytes(remark.bytes) });
    default:
      return words;
  }
}
