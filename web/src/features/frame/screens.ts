import { CircleCheck, Inbox, type LucideIcon, MessagesSquare, Server, Settings, SquareKanban } from "lucide-react";
import { m } from "@/text/gen/messages.js";

/** `also`: the beginnings of other addresses that belong to it. */
export type Screen = {
  to: "/" | "/sessions" | "/tasks" | "/approvals" | "/nodes" | "/settings" | "/more";
  label: string;
  icon: LucideIcon;
  exact: boolean;
  phone: boolean;
  also?: string[];
};

/** The screens there are, in the order of the rail. Those with `phone` have a tab of their own there, the others stand under More. */
export function screens(): Screen[] {
  return [
    { to: "/", label: m.now(), icon: Inbox, exact: true, phone: true },
    { to: "/sessions", label: m.sessions(), icon: MessagesSquare, exact: false, phone: true },
    { to: "/tasks", label: m.board(), icon: SquareKanban, exact: false, phone: true, also: ["/plans", "/merge-queue"] },
    { to: "/approvals", label: m.approvals(), icon: CircleCheck, exact: false, phone: true },
    { to: "/nodes", label: m.nodes(), icon: Server, exact: false, phone: false },
    { to: "/settings", label: m.settings(), icon: Settings, exact: false, phone: false },
  ];
}
