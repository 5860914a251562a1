import {
  Bot,
  CircleCheck,
  Inbox,
  type LucideIcon,
  MessagesSquare,
  ReceiptText,
  ScrollText,
  Server,
  Settings,
  SquareKanban,
} from "lucide-react";
import { m } from "@/text/gen/messages.js";

export type Screen = {
  to: "/" | "/sessions" | "/tasks" | "/approvals" | "/nodes" | "/cost" | "/agents" | "/events" | "/settings";
  label: string;
  icon: LucideIcon;
  /** Pressed after `g`, it leads there. */
  key: string;
  /** Among the tabs of a phone; the others are under More. */
  tab: boolean;
  /** The beginnings of other addresses that belong to it. */
  also?: string[];
};

/** The screens there are, in the order of the rail. */
export function screens(): Screen[] {
  return [
    { to: "/", label: m.now(), icon: Inbox, key: "n", tab: true },
    { to: "/sessions", label: m.sessions(), icon: MessagesSquare, key: "s", tab: true },
    { to: "/tasks", label: m.board(), icon: SquareKanban, key: "b", tab: true, also: ["/plans", "/merge-queue"] },
    { to: "/approvals", label: m.approvals(), icon: CircleCheck, key: "a", tab: true },
    { to: "/nodes", label: m.nodes(), icon: Server, key: "m", tab: false },
    { to: "/cost", label: m.cost(), icon: ReceiptText, key: "c", tab: false },
    { to: "/agents", label: m.agents(), icon: Bot, key: "r", tab: false },
    { to: "/events", label: m.events(), icon: ScrollText, key: "e", tab: false },
    { to: "/settings", label: m.settings(), icon: Settings, key: ",", tab: false },
  ];
}
