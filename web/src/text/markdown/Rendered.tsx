import { Button } from "@mantine/core";
import { memo, useId, useMemo, useState, useTransition } from "react";
import ReactMarkdown from "react-markdown";
import remarkGfm from "remark-gfm";
import { useTranslation } from "@/i18n/words";
import { components } from "./elements";
import type { MarkdownProps } from "./Markdown";
import styles from "./Markdown.module.css";
import { Names, type Person } from "./mentions";
import { remarkTidework } from "./remarkTidework";
import { beginning, tangled, toggled } from "./source";
import { Surroundings } from "./surroundings";

const NOBODY: readonly Person[] = [];

// The addresses are looked at where they are used: `elements.tsx`.
const asItStands = (url: string) => url;

export function Rendered({ source, workspace, members = NOBODY, me, onChange }: MarkdownProps) {
  const { t, i18n } = useTranslation("markdown");
  const [all, setAll] = useState(false);
  const [pending, start] = useTransition();
  const first = useMemo(() => beginning(source), [source]);
  const shown = all || first === null ? source : first;
  const plain = useMemo(() => tangled(shown), [shown]);
  const around = useMemo(
    () => ({
      source,
      me,
      newTab: t("newTab"),
      toggle:
        onChange &&
        ((offset: number) => {
          const next = toggled(source, offset);
          if (next !== null) onChange(next);
        }),
    }),
    [source, me, onChange, t],
  );
  return (
    <Surroundings value={around}>
      {plain ? (
        <div className={styles.plain} dir="auto">
          {shown}
        </div>
      ) : (
        <div className={styles.body}>
          <Drawn source={shown} workspace={workspace} members={members} />
        </div>
      )}
      {shown !== source && (
        <Button
          variant="default"
          size="compact-sm"
          mt="xs"
          loading={pending}
          onClick={() => start(() => setAll(true))}
        >
          {t("showAll", {
            count: source.length,
            number: source.length.toLocaleString(i18n.language),
          })}
        </Button>
      )}
    </Surroundings>
  );
}

type DrawnProps = { source: string; workspace: string | undefined; members: readonly Person[] };

const Drawn = memo(function Drawn({ source, workspace, members }: DrawnProps) {
  const { t } = useTranslation("markdown");
  const prefix = useId();
  const plugins = useMemo(() => {
    const names = new Names(members);
    const taskHref =
      workspace === undefined
        ? null
        : (number: number) => `/w/${encodeURIComponent(workspace)}/t/${number}`;
    return [remarkGfm, [remarkTidework, { names, taskHref }]] as never[];
  }, [workspace, members]);
  const options = useMemo(
    () => ({
      clobberPrefix: `${prefix}-`,
      footnoteLabel: t("footnotes"),
      footnoteBackLabel: (place: number) => t("footnoteBack", { number: place + 1 }),
    }),
    [prefix, t],
  );
  return (
    <ReactMarkdown
      remarkPlugins={plugins}
      remarkRehypeOptions={options}
      urlTransform={asItStands}
      components={components}
    >
      {source}
    </ReactMarkdown>
  );
});
