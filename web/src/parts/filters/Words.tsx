import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { useTranslation } from "@/i18n/words";
import classes from "./filters.module.css";
import type { Filter } from "./model";
import type { SetFilter } from "./useFilter";

const TYPING_MS = 150;

type Props = {
  filter: Filter;
  onChange: SetFilter;
  inputRef?: RefObject<HTMLInputElement | null> | undefined;
};

/** Words that titles and descriptions are searched for, as they are typed. */
export function Words({ filter, onChange, inputRef }: Props) {
  const { t } = useTranslation("filters");
  const [typed, setTyped] = useState(filter.q);
  // What has been typed goes into the address and comes back from there, perhaps after more of it
  // has been typed; anything else (back, a saved filter) brings other words.
  const sent = useRef<string[]>([]);
  const q = useRef(filter.q);
  useEffect(() => {
    q.current = filter.q;
    const own = sent.current.indexOf(filter.q);
    sent.current = own === -1 ? [] : sent.current.slice(own + 1);
    if (own === -1) setTyped(filter.q);
  }, [filter.q]);
  useEffect(() => {
    if (typed === (sent.current.at(-1) ?? q.current)) return;
    const timer = setTimeout(() => {
      sent.current.push(typed);
      onChange((now) => ({ ...now, q: typed }), { replace: true });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, onChange]);
  return (
    <TextInput
      ref={inputRef}
      type="search"
      className={classes.words}
      value={typed}
      maxLength={500}
      leftSection={<IconSearch size={16} aria-hidden />}
      aria-label={t("bar.words")}
      placeholder={t("bar.words")}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape" && typed !== "") {
          event.preventDefault();
          setTyped("");
        }
      }}
    />
  );
}
