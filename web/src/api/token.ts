import { queryOptions } from "@tanstack/react-query";
import { api, type Role, type Token, take } from "@/api/client";

/** Credentials of people and programs. Those of machines go with their nodes, those of browsers with their devices. */
export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: async () => {
    const page = await take(api.GET("/api/v1/tokens", { params: { query: { limit: 200 } } }));
    return page.items.filter((token) => token.role !== "node" && token.device !== true);
  },
});

export type NewToken = { name: string; role: Role; expires_at?: string };

/** Makes a token. The answer holds the credential, this once. */
export function makeToken(body: NewToken, key: string): Promise<Token> {
  return take(api.POST("/api/v1/tokens", { params: { header: { "Idempotency-Key": key } }, body }));
}

export function revokeToken(id: string) {
  return take(api.DELETE("/api/v1/tokens/{id}", { params: { path: { id } } }));
}
