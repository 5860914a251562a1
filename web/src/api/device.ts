import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";

export const devicesQuery = queryOptions({
  queryKey: ["devices"],
  queryFn: async () => (await take(api.GET("/api/v1/devices", { params: { query: { limit: 200 } } }))).items,
});

/** Makes this browser a device. The cookie that comes back is out of reach of every script. */
export function pair(code: string, name: string) {
  return take(api.POST("/api/v1/devices", { body: { code, name } }));
}

export function deviceCode() {
  return take(api.POST("/api/v1/devices/codes"));
}

export function revokeDevice(id: string) {
  return take(api.DELETE("/api/v1/devices/{id}", { params: { path: { id } } }));
}

/** What this browser calls itself, short enough to be known again in a list. */
export function nameOf(agent: string): string {
  const browser = /Edg\//.test(agent)
    ? "Edge"
    : /Firefox\//.test(agent)
      ? "Firefox"
      : /Chrome\//.test(agent)
        ? "Chrome"
        : /Safari\//.test(agent)
          ? "Safari"
          : "Browser";
  const system = /iPhone|iPad/.test(agent)
    ? "iOS"
    : /Android/.test(agent)
      ? "Android"
      : /Mac OS X/.test(agent)
        ? "macOS"
        : /Windows/.test(agent)
          ? "Windows"
          : /Linux/.test(agent)
            ? "Linux"
            : "";
  return system === "" ? browser : `${browser} on ${system}`;
}
