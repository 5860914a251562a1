import { queryOptions } from "@tanstack/react-query";
import { api, type Role, take } from "@/api/client";

export const meQuery = queryOptions({ queryKey: ["me"], queryFn: () => take(api.GET("/api/v1/me")), staleTime: 60_000 });

export type Permission = "operate" | "approve" | "configure" | "administer";

const MAY: Record<Role, Permission[]> = {
  viewer: [],
  operator: ["operate"],
  approver: ["operate", "approve"],
  admin: ["operate", "approve", "configure", "administer"],
  owner: ["operate", "approve", "configure", "administer"],
  node: [],
};

/** What a role lets one do. The hub decides; this only keeps buttons away that it would refuse. */
export function may(role: Role | undefined, permission: Permission): boolean {
  return role === undefined || MAY[role].includes(permission);
}
