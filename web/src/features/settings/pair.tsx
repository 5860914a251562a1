import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { Failure } from "@/api/client";
import { nameOf, pair } from "@/api/device";
import { link } from "@/api/live";
import { outbox } from "@/api/sending";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { Command, Failed } from "@/ui/states";

/** Turns the code in the fragment into a device session. The code leaves the address bar, and the history, before it is used. */
export function Pair() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [code] = useState(() => location.hash.slice(1));
  const { mutate, ...pairing } = useMutation({
    mutationFn: () => pair(code, nameOf(navigator.userAgent)),
    onSuccess: () => {
      queries.clear();
      void outbox.hold();
      link.again();
      void navigate({ to: "/", replace: true });
    },
  });
  useEffect(() => {
    history.replaceState(history.state, "", "/pair");
  }, []);
  return (
    <div className="mx-auto flex max-w-110 flex-col items-start gap-3 px-4 py-12">
      <h1 className="text-title font-semibold">{m.pair_title()}</h1>
      {code === "" || pairing.error !== null ? (
        <>
          {pairing.error !== null && (
            <Failed title={m.pair_failed()} detail={(pairing.error as Failure).message} hint={(pairing.error as Failure).problem?.hint} />
          )}
          <p>{m.pair_no_code()}</p>
          <Command>fugue pair</Command>
        </>
      ) : (
        <>
          <p>{m.pair_body({ host: location.host })}</p>
          <Button kind="primary" className="max-desk:w-full" disabled={pairing.isPending || pairing.isSuccess} onClick={() => mutate()}>
            {m.pair_verb()}
          </Button>
        </>
      )}
    </div>
  );
}
