import { type FormEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { asProblem, Problem } from "@/api/problem";
import { takeOver } from "@/before";
import { useProblemWords } from "@/i18n/problemWords";
import { useTranslation } from "@/i18n/words";

type Values = Record<string, string>;

const missing = (name: string) => ({ pointer: `/${name}`, code: "missing", detail: "" });

/**
 * A form of plain inputs, which password managers understand. `send` gets their values by name;
 * what it throws is shown beside the fields it is about (`error`), else above the button (`failure`).
 * With `focus` the first field has the keyboard from the start.
 */
export function useForm(send: (values: Values) => Promise<void>, focus = false) {
  const form = useRef<HTMLFormElement>(null);
  const words = useProblemWords();
  useTranslation("parts");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  // Earlier than what it was typed into goes.
  useLayoutEffect(() => {
    if (form.current !== null) takeOver(form.current);
  }, []);

  // Where a keyboard is at hand; on a phone the keys would hide half of the page.
  useEffect(() => {
    const here = form.current?.contains(document.activeElement);
    if (focus && !here && matchMedia("(pointer: fine)").matches) {
      form.current?.querySelector<HTMLInputElement>("input:not([type=hidden])")?.focus();
    }
  }, [focus]);

  useEffect(() => {
    if (problem === null) return;
    form.current?.querySelector<HTMLInputElement>("input[aria-invalid=true]")?.focus();
  }, [problem]);

  const onSubmit = useCallback(
    (event: FormEvent<HTMLFormElement>) => {
      event.preventDefault();
      if (busy) return;
      const values: Values = {};
      for (const [name, value] of new FormData(event.currentTarget)) {
        if (typeof value === "string") values[name] = value;
      }
      const empty = Object.keys(values).filter((name) => values[name]?.trim() === "");
      if (empty.length > 0) {
        setProblem(new Problem(422, "invalid", "", empty.map(missing)));
        return;
      }
      setBusy(true);
      setProblem(null);
      send(values)
        .catch((error: unknown) => setProblem(asProblem(error)))
        .finally(() => setBusy(false));
    },
    [busy, send],
  );

  /** What is said about a field goes when it is changed. */
  const onChange = useCallback((event: FormEvent<HTMLFormElement>) => {
    const { name } = event.target as HTMLInputElement;
    setProblem((last) => {
      const others = last?.errors.filter((item) => item.pointer !== `/${name}`) ?? [];
      if (last === null || others.length === last.errors.length) return last;
      return others.length > 0 ? new Problem(last.status, last.code, last.message, others) : null;
    });
  }, []);

  const fields = form.current;
  const placed = problem?.errors.filter((item) =>
    fields?.elements.namedItem(item.pointer.slice(1)),
  );
  return {
    props: { ref: form, onSubmit, onChange, noValidate: true },
    busy,
    problem,
    /** Empty it, as after its values have been taken. */
    reset: () => form.current?.reset(),
    error: (name: string) => words.field(problem, name),
    /** What no field says. */
    failure: problem !== null && placed?.length === 0 ? words.whole(problem) : null,
  };
}
