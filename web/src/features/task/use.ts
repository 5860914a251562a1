import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Failure, Task } from "@/api/client";
import { may, meQuery } from "@/api/me";
import { doTask, type Verb } from "@/api/task";
import { doneWord } from "@/features/task/words";
import { toast } from "@/ui/toast";

/** What this person's role allows of what a task allows. */
export function useAllowed(): (verb: Verb) => boolean {
  const role = useQuery(meQuery).data?.role;
  return (verb) => may(role, verb === "approve" ? "approve" : "operate");
}

/** Carries a verb out. The task is read again at once, whatever came of it. */
export function useVerb() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ task, verb, text }: { task: Pick<Task, "id" | "title">; verb: Verb; text?: string | undefined }) =>
      doTask(task.id, verb, text),
    onSuccess: (detail, { task, verb }) => {
      queries.setQueryData(["task", detail.id], detail);
      toast(doneWord(verb, task.title));
    },
    onError: (error: unknown) => toast((error as Failure).message),
    onSettled: () => {
      for (const key of ["tasks", "task", "plan", "plans", "merge-queue", "reviews"]) void queries.invalidateQueries({ queryKey: [key] });
    },
  });
}
