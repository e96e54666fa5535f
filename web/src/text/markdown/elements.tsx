/** The elements of a drawn text. None of them does what its author says without looking at it. */

import { Checkbox, VisuallyHidden } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useRouter } from "@tanstack/react-router";
import type { ElementContent } from "hast";
import {
  Children,
  type ComponentProps,
  type JSX,
  type MouseEvent,
  type ReactNode,
  use,
  useMemo,
} from "react";
import type { Components, ExtraProps } from "react-markdown";
import { useTranslation } from "@/i18n/words";
import { target } from "./addresses";
import styles from "./Markdown.module.css";
import { Picture } from "./Picture";
import { Item, Surroundings } from "./surroundings";

type Of<T extends keyof JSX.IntrinsicElements> = ComponentProps<T> & ExtraProps;

function Anchor({ href, children, node: _, ...rest }: Of<"a">) {
  const { newTab } = use(Surroundings);
  const router = useRouter({ warn: false });
  const to = target(href);
  if (to === null) return <span>{children}</span>;
  if (to.internal) {
    const follow = (event: MouseEvent) => {
      const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
      // `router` is missing where a text is drawn outside of the application's pages.
      if (elsewhere || to.href.startsWith("#") || !router?.history) return;
      event.preventDefault();
      router.history.push(to.href);
    };
    return (
      <a {...rest} href={to.href} onClick={follow}>
        {children}
      </a>
    );
  }
  const web = to.href.startsWith("http");
  return (
    <a href={to.href} rel="noopener noreferrer nofollow" target="_blank">
      {children}
      {web && (
        <>
          <IconExternalLink className={styles.outside} size={12} aria-hidden />
          <VisuallyHidden> {newTab}</VisuallyHidden>
        </>
      )}
    </a>
  );
}

function words(content: readonly ElementContent[]): string {
  let text = "";
  const waiting: ElementContent[] = [...content].reverse();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (text.length > 200) break;
    if (node.type === "text") text += node.value;
    // What hangs below an item is not its name.
    else if (node.type === "element" && node.tagName !== "ul" && node.tagName !== "ol") {
      waiting.push(...[...node.children].reverse());
    }
  }
  return text.trim();
}

function ListItem({ children, node, ...rest }: Of<"li">) {
  const item = useMemo(
    () => ({
      offset: node?.position?.start.offset ?? -1,
      words: rest.className?.includes("task-list-item") ? words(node?.children ?? []) : "",
    }),
    [node, rest.className],
  );
  return (
    <li {...rest} dir="auto">
      {/* Line breaks are seen in an item; those between its blocks are nobody's. */}
      <Item value={item}>{Children.toArray(children).filter((one) => one !== "\n")}</Item>
    </li>
  );
}

function Box({ checked }: Of<"input">) {
  const { t } = useTranslation("markdown");
  const { toggle } = use(Surroundings);
  const item = use(Item);
  return (
    <Checkbox
      className={styles.box ?? ""}
      size="xs"
      checked={checked ?? false}
      disabled={toggle === undefined}
      aria-label={item?.words || t("box")}
      onChange={() => item && toggle?.(item.offset)}
    />
  );
}

function Marked({ children, node, ...rest }: Of<"span">) {
  const { me } = use(Surroundings);
  const mentioned = node?.properties.dataMention;
  if (typeof mentioned !== "string") return <span {...rest}>{children}</span>;
  return (
    <span className={styles.mention} data-me={mentioned === me || undefined}>
      {children}
    </span>
  );
}

// What is too wide is moved within itself, by keyboard too.
function Scrolled({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls can be focused.
    <section className={styles.scrolled} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

function Code({ children }: Of<"pre">) {
  const { t } = useTranslation("markdown");
  return (
    <Scrolled label={t("code")}>
      <pre dir="ltr">{children}</pre>
    </Scrolled>
  );
}

function Table({ children }: Of<"table">) {
  const { t } = useTranslation("markdown");
  return (
    <Scrolled label={t("table")}>
      <table>{children}</table>
    </Scrolled>
  );
}

/** `Tag` with the direction of its own words; without what React does not know. */
const block = (Tag: "p" | "blockquote" | "h3" | "h4" | "h5" | "h6" | "td" | "th") =>
  function Block({ children, node: _, ...rest }: Of<"p">) {
    const Any = Tag as "p";
    return (
      <Any {...rest} dir="auto">
        {children}
      </Any>
    );
  };

// The types of some elements are narrower than what these take.
export const components = {
  a: Anchor,
  img: ({ src, alt, title }: Of<"img">) => (
    <Picture src={typeof src === "string" ? src : undefined} alt={alt ?? ""} title={title} />
  ),
  li: ListItem,
  input: Box,
  span: Marked,
  pre: Code,
  table: Table,
  p: block("p"),
  blockquote: block("blockquote"),
  td: block("td"),
  th: block("th"),
  // The page has headings of its own above these.
  h1: block("h3"),
  h2: block("h4"),
  h3: block("h5"),
  h4: block("h6"),
  h5: block("h6"),
  h6: block("h6"),
} as Components;
