import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Failure } from "@/api/client";
import { devicesQuery, revokeDevice } from "@/api/device";
import { link } from "@/api/live";
import { forgetPushes } from "@/api/push";
import { outbox } from "@/api/sending";
import { kindWord } from "@/features/settings/push";
import { list, moment } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Command } from "@/ui/states";
import { toast } from "@/ui/toast";

/** The person's devices; each can be signed out. */
export function Devices() {
  const query = useQuery(devicesQuery);
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: (device: { id: string; current: boolean }) => revokeDevice(device.id),
    onError: (error) => toast((error as Failure).message),
    onSuccess: (_, device) => {
      if (!device.current) return void queries.invalidateQueries({ queryKey: ["devices"] });
      queries.clear();
      outbox.clear();
      void forgetPushes();
      link.again();
    },
  });
  return (
    <Shown query={query} lines={2}>
      {(devices) => (
        <div className="flex flex-col gap-2">
          {devices.length === 0 ? (
            <p className="text-soft">{m.devices_none()}</p>
          ) : (
            <ul className="rounded-box border border-line bg-panel">
              {devices.map((device) => (
                <li key={device.id} className="flex items-center gap-3 border-b border-line px-3 py-1.5 last:border-0">
                  <span className="min-w-0 flex-1">
                    <span className="block truncate font-semibold">{device.name}</span>
                    {device.current && <span className="block text-small text-accent">{m.this_device()}</span>}
                    <span className="block text-small text-soft">
                      {m.paired_at({ time: moment(Date.parse(device.created_at)), role: device.role })}
                    </span>
                    {(device.pushes ?? []).length > 0 && (
                      <span className="block text-small text-soft">{m.pushed({ kinds: list((device.pushes ?? []).map(kindWord)) })}</span>
                    )}
                  </span>
                  <Button
                    disabled={revoke.isPending}
                    onClick={() => revoke.mutate(device)}
                    aria-label={m.sign_out_named({ name: device.name })}
                  >
                    {m.sign_out()}
                  </Button>
                </li>
              ))}
            </ul>
          )}
          <p className="text-small text-soft">{m.pair_more()}</p>
          <Command>fugue pair</Command>
        </div>
      )}
    </Shown>
  );
}
