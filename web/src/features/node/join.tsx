import { useMutation } from "@tanstack/react-query";
import { Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { type Failure, freshKey } from "@/api/client";
import { joinCode } from "@/api/node";
import { until } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Command, Failed, Loading } from "@/ui/states";
import { toast } from "@/ui/toast";

/** The line that makes a machine a node. Its code works once. */
export function Join({ onClose }: { onClose: () => void }) {
  const [key] = useState(freshKey);
  const { mutate, ...code } = useMutation({ mutationFn: () => joinCode(key) });
  useEffect(() => mutate(), [mutate]);
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text);
      toast(m.copied());
    } catch {
      toast(m.copy_failed());
    }
  };
  return (
    <Dialog open onClose={onClose} title={m.join_node()}>
      {code.data !== undefined ? (
        <div className="flex flex-col gap-3">
          <p>{m.join_how()}</p>
          <Command>{code.data.command}</Command>
          <Button kind="primary" onClick={() => void copy(code.data.command)}>
            <Copy aria-hidden /> {m.copy_line()}
          </Button>
          <p className="text-small text-soft">{m.join_once({ time: until(Date.parse(code.data.expires_at), Date.now()) })}</p>
        </div>
      ) : code.error !== null ? (
        <Failed title={m.join_failed()} detail={(code.error as Failure).message} onRetry={() => mutate()} />
      ) : (
        <Loading lines={3} />
      )}
    </Dialog>
  );
}
