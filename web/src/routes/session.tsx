import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { pendingQuery } from "@/api/approval";
import { ApprovalCard, Settled } from "@/features/approval/card";
import type { Question } from "@/features/session/row";
import { SessionView } from "@/features/session/view";

export function SessionRoute() {
  const { id } = useParams({ from: "/sessions/$id" });
  const { at } = useSearch({ from: "/sessions/$id" });
  return <SessionView id={id} at={at} question={(asked) => <InPlace asked={asked} />} />;
}

/** A question in the transcript: the event says what and how it was settled, the hub's record says the rest. */
function InPlace({ asked }: { asked: Question }) {
  const record = useQuery(pendingQuery).data?.find((one) => one.id === asked.approval);
  const { tool, input, hash, state, reason } = asked;
  const whole = { ...record, id: asked.approval, tool, input, hash, state, reason };
  return state === "pending" ? <ApprovalCard asked={whole} place={false} /> : <Settled asked={whole} />;
}
