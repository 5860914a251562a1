import { useQueries, useQuery } from "@tanstack/react-query";
import type { Plan, Task } from "@/api/client";
import { proposedQuery } from "@/api/plan";
import { settingsQuery } from "@/api/project";
import { needingQuery, reviewingQuery } from "@/api/task";

/** What of the work waits for a person: tasks that do not go on, changes that only a person may let pass, and plans to decide about. */
export function useNeeding(): { tasks: Task[]; plans: Plan[]; count: number } {
  const needing = useQuery(needingQuery).data ?? [];
  const reviewing = useQuery(reviewingQuery).data ?? [];
  const plans = useQuery(proposedQuery).data ?? [];
  const projects = [...new Set(reviewing.map((task) => task.project))];
  const settings = useQueries({ queries: projects.map(settingsQuery) });
  const personal = new Set(projects.filter((_, at) => settings[at]?.data?.needs_person === true));
  const tasks = [...needing, ...reviewing.filter((task) => personal.has(task.project))];
  tasks.sort((one, other) => one.updated_at.localeCompare(other.updated_at));
  return { tasks, plans, count: tasks.length + plans.length };
}
