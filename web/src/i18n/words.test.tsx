// @vitest-environment jsdom
import i18next from "i18next";
import { startTransition, useId } from "react";
import { createRoot } from "react-dom/client";
import { expect, it, vi } from "vitest";
import { useTranslation, Words } from "./words";

function Page() {
  const { t } = useTranslation("late");
  return <p id={useId()}>{t("hello")}</p>;
}

it("goes on drawing where it waited for words as if it had not", async () => {
  let come = (_: object) => {};
  const words = new Promise<object>((done) => {
    come = done;
  });
  const read = (_: string, namespace: string) => (namespace === "late" ? words : {});
  await i18next
    .use({ type: "backend", read: async (lng: string, ns: string) => read(lng, ns) } as never)
    .init({ lng: "en", ns: ["common"], defaultNS: "common" });
  const asked = vi.spyOn(i18next, "loadNamespaces");
  const wrong = vi.spyOn(console, "error");
  const element = document.createElement("div");
  const root = createRoot(element, { onRecoverableError: wrong });
  startTransition(() =>
    root.render(
      <Words>
        <Page />
      </Words>,
    ),
  );
  await vi.waitFor(() => expect(asked).toHaveBeenCalled());
  come({ hello: "Good morning" });
  await vi.waitFor(() => expect(element.textContent).toBe("Good morning"));
  expect(wrong).not.toHaveBeenCalled();
  root.unmount();
});
