import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { link, queries } from "@/api/live";
import { onOpened, startWorker } from "@/api/worker";
import { router } from "@/router";
import { startLocale } from "@/text/locale";
import { useLocale } from "@/text/use";
import { startTheme } from "@/ui/theme";
import "@/ui/base.css";

startTheme();
startLocale();
link.start();
startWorker();
onOpened((path) => router.history.push(path));

/** Another language draws everything anew; what is live, and what was typed, lies outside. */
function Cockpit() {
  return <RouterProvider key={useLocale()} router={router} />;
}

const place = document.getElementById("root");
if (place === null) throw new Error("index.html has no #root");
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Cockpit />
    </QueryClientProvider>
  </StrictMode>,
);
