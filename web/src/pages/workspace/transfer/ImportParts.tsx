import { Text } from "@mantine/core";
import { useTranslation } from "@/i18n/words";
import plots from "@/parts/plots/plots.module.css";
import { grouped } from "./problems";
import type { Import } from "./queries";
import classes from "./transfer.module.css";

/** “tasks created” as the key of its words. */
export const keyOf = (name: string): string =>
  name.replace(/[ _]+(\w)/g, (_, letter: string) => letter.toUpperCase());

/** How many of what. */
export function Things({ title, things }: { title: string; things: Import["found"] }) {
  const { t, i18n } = useTranslation("workspace");
  const said = Object.entries(things)
    .filter(([name, count]) => count > 0 && name !== "commits")
    .map(([name, count]) =>
      t(`things.${keyOf(name)}`, {
        count,
        n: new Intl.NumberFormat(i18n.language).format(count),
        defaultValue: `${count} ${name}`,
      }),
    );
  if (said.length === 0) return null;
  return (
    <Text size="sm">
      {title} {new Intl.ListFormat(i18n.language).format(said)}.
    </Text>
  );
}

/** What is not taken as it stands: how often, and where. */
export function Problems({ list }: { list: Import["problems"] }) {
  const { t, i18n } = useTranslation("workspace");
  if (list.length === 0) return null;
  const format = new Intl.NumberFormat(i18n.language).format;
  const places = list.reduce((sum, { count }) => sum + count, 0);
  const groups = grouped(list, ({ kind, meaning }) =>
    t(`importProblems.${keyOf(kind)}`, { defaultValue: meaning }),
  );
  return (
    <details open={groups.some(({ bad }) => bad)}>
      <summary>{t("import.problems", { count: places, n: format(places) })}</summary>
      <ul>
        {groups.map(({ said, bad, count, examples }) => (
          <li key={said}>
            <details open={bad}>
              <summary>
                {said} ({format(count)})
              </summary>
              <ul lang="en">
                {examples.map((text) => (
                  <li key={text}>{text}</li>
                ))}
              </ul>
            </details>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** How the words of the file are taken over. */
export function Mapping({ list }: { list: Import["mapping"] }) {
  const { t, i18n } = useTranslation("workspace");
  if (list.length === 0) return null;
  const format = new Intl.NumberFormat(i18n.language).format;
  return (
    <details>
      <summary>{t("import.mapping", { count: list.length })}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached with the keyboard */}
      <section className={classes.scroll} tabIndex={0} aria-label={t("import.inFile")}>
        <table className={plots.table}>
          <thead>
            <tr>
              <th scope="col">{t("import.inFile")}</th>
              <th scope="col">{t("import.here")}</th>
              <th scope="col">{t("import.times")}</th>
            </tr>
          </thead>
          <tbody>
            {list.map(({ field, value, becomes, count }) => (
              <tr key={`${field}:${value}:${becomes}`}>
                <th scope="row">
                  {t(`importFields.${keyOf(field)}`, { defaultValue: field })}: {value}
                </th>
                <td>{t(`importFields.${keyOf(becomes)}`, { defaultValue: becomes })}</td>
                <td>{format(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
