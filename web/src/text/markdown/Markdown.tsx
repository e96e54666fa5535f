import i18next from "i18next";
import { Component, type ReactNode, Suspense } from "react";
import { arriving } from "@/parts/arriving";
import styles from "./Markdown.module.css";
import type { Person } from "./mentions";
import { SHOWN_AT_FIRST } from "./source";

export type MarkdownProps = {
  source: string;
  /** Whose tasks `#12` leads to; without it that stays text. */
  workspace?: string | undefined;
  /** Who can be mentioned. */
  members?: readonly Person[] | undefined;
  /** Whose mentions stand out. */
  me?: string | undefined;
  /** Takes the text with a box ticked; without it boxes only show. */
  onChange?: ((source: string) => void) | undefined;
};

const Rendered = arriving(async () => {
  const [module] = await Promise.all([import("./Rendered"), i18next.loadNamespaces("markdown")]);
  return { default: module.Rendered };
});

/** What somebody has typed, drawn; as it was typed until that can be done, and where it cannot. */
export function Markdown(props: MarkdownProps) {
  const plain = <Plain source={props.source} />;
  return (
    <Guard source={props.source} instead={plain}>
      <Suspense fallback={plain}>
        <Rendered {...props} />
      </Suspense>
    </Guard>
  );
}

function Plain({ source }: { source: string }) {
  return (
    <div className={styles.plain} dir="auto">
      {source.slice(0, SHOWN_AT_FIRST)}
    </div>
  );
}

type GuardProps = { source: string; instead: ReactNode; children: ReactNode };
type GuardState = { source: string; failed: boolean };

/** Tries again with another text. */
class Guard extends Component<GuardProps, GuardState> {
  override state = { source: this.props.source, failed: false };

  static getDerivedStateFromProps({ source }: GuardProps, before: GuardState) {
    return source === before.source ? null : { source, failed: false };
  }

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? this.props.instead : this.props.children;
  }
}
