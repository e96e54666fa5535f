import "@mantine/core/styles.css";
import "./styles/base.css";
import { StrictMode, startTransition } from "react";
import { createRoot } from "react-dom/client";
import { keepOffer } from "@/parts/install";
import { Application } from "./app/Application";
import { router } from "./app/router";
import { installServiceWorker } from "./app/serviceWorker";
import { hideBefore } from "./before";
import { startWords } from "./i18n";
import { turn } from "./quiet";

async function start(element: HTMLElement): Promise<void> {
  await startWords();
  // With its page there the first drawing is all of one piece, and gives way to what cannot wait.
  await router.load();
  await turn();
  const root = createRoot(element);
  hideBefore(element);
  startTransition(() =>
    root.render(
      <StrictMode>
        <Application />
      </StrictMode>,
    ),
  );
  installServiceWorker();
}

keepOffer();
const element = document.getElementById("root");
// Not awaited here: pages import what stands in this file, and would wait for it.
if (element !== null) void start(element);
