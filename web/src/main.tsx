import "@mantine/core/styles.css";
import "./styles/base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { keepOffer } from "@/parts/install";
import { Application } from "./app/Application";
import { installServiceWorker } from "./app/serviceWorker";
import { startWords } from "./i18n";

keepOffer();
const root = document.getElementById("root");
if (root) {
  await startWords();
  createRoot(root).render(
    <StrictMode>
      <Application />
    </StrictMode>,
  );
  installServiceWorker();
}
