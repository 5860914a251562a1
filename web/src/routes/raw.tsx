import { useParams } from "@tanstack/react-router";
import { RawView } from "@/features/session/raw";

export function RawRoute() {
  const { id } = useParams({ from: "/sessions/$id/raw" });
  return <RawView key={id} id={id} />;
}
