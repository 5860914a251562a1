import { useQuery } from "@tanstack/react-query";
import { Search, SlidersHorizontal, X } from "lucide-react";
import { useState } from "react";
import { recentPlansQuery } from "@/api/plan";
import { projectsQuery } from "@/api/project";
import type { TaskFilter } from "@/api/task";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";
import { Input, Select } from "@/ui/field";

type Props = { filter: TaskFilter; onFilter: (filter: TaskFilter) => void };

/** What narrows the board; all of it stands in the address. */
export function Filters({ filter, onFilter }: Props) {
  const projects = useQuery(projectsQuery).data ?? [];
  const plans = useQuery(recentPlansQuery).data ?? [];
  const set = (more: TaskFilter) => onFilter({ ...filter, ...more });
  const [open, setOpen] = useState(false);
  const narrowed = filter.project !== undefined || filter.plan !== undefined;
  const known = filter.plan === undefined || plans.some((plan) => plan.id === filter.plan);
  return (
    <>
      <div className="relative min-w-40 flex-1 desk:max-w-60">
        <Search aria-hidden className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-faint" />
        <Input
          type="search"
          data-search
          className="pl-8"
          placeholder={m.search_tasks()}
          aria-label={m.search_tasks()}
          defaultValue={filter.q ?? ""}
          onChange={(event) => set({ q: event.target.value || undefined })}
        />
      </div>
      {(projects.length > 1 || plans.length > 0) && (
        <Button
          size="icon"
          className={cn("desk:hidden", narrowed && "border-accent text-accent")}
          aria-label={m.filters()}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <SlidersHorizontal />
        </Button>
      )}
      {projects.length > 1 && (
        <Select
          className={cn("desk:w-auto desk:max-w-40", !open && "max-desk:hidden")}
          aria-label={m.project()}
          value={filter.project ?? ""}
          onChange={(event) => set({ project: event.target.value || undefined })}
        >
          <option value="">{m.all_projects()}</option>
          {projects.map((project) => (
            <option key={project.id} value={project.name}>
              {project.name}
            </option>
          ))}
        </Select>
      )}
      {(plans.length > 0 || filter.plan !== undefined) && (
        <Select
          className={cn("desk:w-auto desk:max-w-48", !open && "max-desk:hidden")}
          aria-label={m.plan()}
          value={filter.plan ?? ""}
          onChange={(event) => set({ plan: event.target.value || undefined })}
        >
          <option value="">{m.all_plans()}</option>
          {!known && <option value={filter.plan}>{filter.plan}</option>}
          {plans.map((plan) => (
            <option key={plan.id} value={plan.id}>
              {plan.goal.trim().split("\n")[0]}
            </option>
          ))}
        </Select>
      )}
      {filter.label !== undefined && (
        <Button kind="plain" onClick={() => set({ label: undefined })} aria-label={m.without_label({ label: filter.label })}>
          {filter.label} <X aria-hidden />
        </Button>
      )}
    </>
  );
}
