import { useNavigate, useSearch } from "@tanstack/react-router";
import { CostView } from "@/features/cost/view";
import { m } from "@/text/gen/messages.js";
import { useTitle } from "@/ui/title";

export function CostRoute() {
  useTitle(m.cost());
  const filter = useSearch({ from: "/cost" });
  const navigate = useNavigate({ from: "/cost" });
  return <CostView filter={filter} onFilter={(search) => void navigate({ to: ".", search, replace: true })} />;
}
