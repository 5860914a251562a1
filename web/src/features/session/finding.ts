// What was looked for in a transcript, and what was found: words as they are typed, errors and questions one after the other.
import { useEffect, useRef, useState } from "react";
import type { Failure } from "@/api/client";
import { findAll, findNext, HITS_MAX, type Hit } from "@/api/find";
import type { Transcript } from "@/features/session/store";
import { m } from "@/text/gen/messages.js";
import { toast } from "@/ui/toast";

/** After the last letter, so long. */
const REST_MS = 250;

export type Found = { hits: readonly Hit[]; at: number; busy: boolean; capped: boolean; failure: Failure | undefined };
const NOTHING: Found = { hits: [], at: -1, busy: false, capped: false, failure: undefined };

/** The hit to begin with: the last one up to where the reader is. */
export function nearest(hits: readonly Hit[], reader: number | undefined): number {
  if (hits.length === 0) return -1;
  return Math.max(0, reader === undefined ? hits.length - 1 : hits.findLastIndex((hit) => hit.seq <= reader));
}

/** Looks for words. `step` goes from hit to hit, around the ends. */
export function useFinding(transcript: Transcript, words: string) {
  const [found, setFound] = useState(NOTHING);
  useEffect(() => {
    const q = words.trim();
    setFound(NOTHING);
    if (q === "") return;
    const over = new AbortController();
    const timer = setTimeout(async () => {
      const hits: Hit[] = [];
      setFound({ ...NOTHING, busy: true });
      try {
        for await (const more of findAll(transcript.session, { q }, over.signal)) hits.push(...more);
        if (over.signal.aborted) return;
        const at = nearest(hits, transcript.history.reader);
        setFound({ hits, at, busy: false, capped: hits.length >= HITS_MAX, failure: undefined });
        if (hits[at] !== undefined) transcript.goTo(hits[at].seq);
      } catch (error) {
        if (!over.signal.aborted) setFound({ ...NOTHING, failure: error as Failure });
      }
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      over.abort();
    };
  }, [transcript, words]);
  const step = (by: 1 | -1) => {
    const { hits } = found;
    if (hits.length === 0) return;
    const at = (found.at + by + hits.length) % hits.length;
    setFound({ ...found, at });
    if (hits[at] !== undefined) transcript.goTo(hits[at].seq);
  };
  return { found, step };
}

/** Goes from error to error, or from question to question: from the first on, and around. */
export function useJumps(transcript: Transcript) {
  const last = useRef({ errors: 0, questions: 0 });
  return async (what: "errors" | "questions") => {
    try {
      const from = last.current[what];
      const hit =
        (await findNext(transcript.session, { what }, from)) ?? (from > 0 ? await findNext(transcript.session, { what }, 0) : undefined);
      if (hit === undefined) {
        toast(what === "errors" ? m.error_none() : m.question_none());
        return;
      }
      last.current[what] = hit.seq;
      transcript.goTo(hit.seq);
    } catch (error) {
      toast((error as Failure).message);
    }
  };
}
