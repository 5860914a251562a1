import { useParams } from "@tanstack/react-router";
import { Approvals, OneApproval } from "@/features/approval/list";
import { More } from "@/features/frame/more";
import { Nodes } from "@/features/node/list";
import { NewSession } from "@/features/session/create";
import { SessionsOf } from "@/features/session/place";
import { Pair } from "@/features/settings/pair";
import { Settings } from "@/features/settings/view";
import { m } from "@/text/gen/messages.js";
import { useTitle } from "@/ui/title";

export function ApprovalsRoute() {
  useTitle(m.approvals());
  return <Approvals />;
}

export function ApprovalRoute() {
  useTitle(m.approvals());
  const { id } = useParams({ from: "/approvals/$id" });
  return <OneApproval id={id} />;
}

export function NodesRoute() {
  useTitle(m.nodes());
  return <Nodes sessions={(node) => <SessionsOf node={node.id} />} />;
}

export function NewSessionRoute() {
  useTitle(m.new_session());
  return <NewSession />;
}

export function MoreRoute() {
  useTitle(m.more());
  return <More />;
}

export function SettingsRoute() {
  useTitle(m.settings());
  return <Settings />;
}

export function PairRoute() {
  useTitle(m.pair_title());
  return <Pair />;
}
