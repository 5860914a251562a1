// What the palette offers besides what the hub finds: screens, actions, and what this page knows already.
import type { LucideIcon } from "lucide-react";
import { Bot, Contrast, Keyboard, Languages, Monitor, Moon, Plus, Server, Sun } from "lucide-react";
import type { AgentView, Node } from "@/api/client";
import { screens } from "@/features/frame/screens";
import { m } from "@/text/gen/messages.js";
import { changeLocale, locale } from "@/text/locale";
import { changeTheme, theme } from "@/ui/theme";

/** One line of the palette. `to` is a path, `run` is done at once. */
export type Command = {
  id: string;
  group: string;
  label: string;
  detail?: string | undefined;
  icon: LucideIcon;
  keys?: string;
  words?: string;
} & ({ to: string } | { run: () => void });

type Knows = { agents: readonly AgentView[]; nodes: readonly Node[]; operate: boolean; configure: boolean; help: () => void };

/** Everything that can be done from here. */
export function commands({ agents, nodes, operate, configure, help }: Knows): Command[] {
  const [go, act] = [m.palette_go(), m.palette_do()];
  const list: Command[] = screens().map(({ to, label, icon, key }) => ({
    id: to,
    group: go,
    label,
    icon,
    keys: `g ${key}`,
    to,
    words: to,
  }));
  if (operate) list.push({ id: "new", group: act, label: m.new_session(), icon: Plus, to: "/sessions/new", words: "new session" });
  if (configure) list.push({ id: "join", group: act, label: m.join_node(), icon: Server, to: "/nodes", words: "join node machine" });
  const looks = [
    { value: "light", label: m.theme_light(), icon: Sun },
    { value: "dark", label: m.theme_dark(), icon: Moon },
    { value: "system", label: m.theme_system(), icon: Contrast },
  ] as const;
  for (const { value, label, icon } of looks) {
    if (value === theme()) continue;
    list.push({ id: value, group: act, label: m.theme_to({ theme: label }), icon, run: () => changeTheme(value), words: `theme ${value}` });
  }
  const other = locale() === "ja" ? "en" : "ja";
  const name = other === "ja" ? "日本語" : "English";
  list.push({
    id: "language",
    group: act,
    label: m.language_to({ language: name }),
    icon: Languages,
    run: () => changeLocale(other),
    words: "language",
  });
  list.push({ id: "help", group: act, label: m.keyboard(), icon: Keyboard, keys: "?", run: help, words: "help keyboard shortcuts" });
  for (const node of nodes)
    list.push({ id: node.id, group: m.nodes(), label: node.name, detail: node.platform, icon: Monitor, to: "/nodes", words: "node" });
  for (const agent of agents) {
    list.push({
      id: `agent ${agent.name}`,
      group: m.agents(),
      label: agent.name,
      detail: agent.description,
      icon: Bot,
      to: `/agents/${agent.name}`,
      words: "agent role",
    });
  }
  return list;
}

/** How well a text fits what was typed: all words must be there, at the beginning of a word is better. 0: not at all. */
export function closeness(text: string, typed: string): number {
  const low = text.toLowerCase();
  let whole = 1;
  for (const word of typed.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = low.indexOf(word);
    if (at < 0) return 0;
    whole += at === 0 ? 3 : /[\s/\-_.]/.test(low[at - 1] ?? "") ? 2 : 1;
  }
  return whole;
}

/** The commands that fit, the best first. Without words: only where to go and what to do. */
export function fitting(all: readonly Command[], typed: string): Command[] {
  const base: string[] = [m.palette_go(), m.palette_do()];
  if (typed.trim() === "") return all.filter((one) => base.includes(one.group));
  return all
    .map((one) => ({
      one,
      score: Math.max(2 * closeness(one.label, typed), closeness(`${one.label} ${one.words ?? ""} ${one.detail ?? ""}`, typed)),
    }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ one }) => one);
}
