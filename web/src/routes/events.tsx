import { useNavigate, useSearch } from "@tanstack/react-router";
import { Events } from "@/features/event/view";
import { m } from "@/text/gen/messages.js";
import { useTitle } from "@/ui/title";

export function EventsRoute() {
  useTitle(m.events());
  const filter = useSearch({ from: "/events" });
  const navigate = useNavigate({ from: "/events" });
  return <Events filter={filter} onFilter={(search) => void navigate({ to: ".", search, replace: true })} />;
}
