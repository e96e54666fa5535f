import {
  IconCalendar,
  IconClock,
  IconFlag,
  IconFolder,
  IconRepeat,
  IconTag,
  IconUser,
  IconX,
} from "@tabler/icons-react";
import type { Kind, Parsed, Token } from "@/text/quickadd";
import { type Frame, inWords } from "./describe";
import styles from "./QuickAdd.module.css";

const ICONS = {
  date: IconCalendar,
  time: IconClock,
  recurrence: IconRepeat,
  priority: IconFlag,
  project: IconFolder,
  assignee: IconUser,
  label: IconTag,
} satisfies Record<Kind, typeof IconTag>;

type Props = {
  id: string;
  parsed: Parsed;
  frame: Frame;
  onToggle: (key: string) => void;
};

/** What was understood; each of it is switched off, and on again, by a press. */
export function Understood({ id, parsed, frame, onToggle }: Props) {
  const { t } = frame;
  const shown = [...parsed.tokens, ...parsed.off].sort((a, b) => a.start - b.start);
  return (
    <div id={id} className={styles.understood}>
      {shown.length > 0 && (
        <ul className={styles.chips} aria-label={t("understood")}>
          {shown.map((token) => (
            <li key={token.key}>
              <Chip
                token={token}
                on={!parsed.off.includes(token)}
                words={inWords(token, parsed, frame)}
                {...{ t, onToggle }}
              />
            </li>
          ))}
        </ul>
      )}
      {parsed.unknown.map(({ kind, reason, text, start }) => (
        <p key={start} className={styles.unknown}>
          {t(`${reason}.${kind}`, { text })}
        </p>
      ))}
    </div>
  );
}

type ChipProps = {
  token: Token;
  on: boolean;
  words: string;
  t: Frame["t"];
  onToggle: (key: string) => void;
};

function Chip({ token, on, words, t, onToggle }: ChipProps) {
  const Icon = ICONS[token.kind];
  return (
    <button
      type="button"
      className={styles.chip}
      data-kind={token.kind}
      data-value={token.kind === "priority" ? token.value : undefined}
      aria-pressed={on}
      aria-label={`${t(`kind.${token.kind}`)}: ${words}`}
      title={t(on ? "switchOff" : "switchOn", { text: token.text })}
      // Who types goes on typing.
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => onToggle(token.key)}
    >
      <Icon size={14} aria-hidden />
      <bdi className={styles.words}>{on ? words : token.text}</bdi>
      {on && <IconX size={12} aria-hidden />}
    </button>
  );
}
