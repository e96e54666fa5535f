import { type ReactNode, use, useId } from "react";
import { InPanel } from "./panel";
import styles from "./TaskPanel.module.css";

type Props = { title: string; action?: ReactNode; children: ReactNode };

/** A part of the task, with its own heading. */
export function Section({ title, action, children }: Props) {
  const id = useId();
  // Below the title, which is the page's own heading where there is no other page.
  const Heading = use(InPanel) ? "h3" : "h2";
  return (
    <section className={styles.section} aria-labelledby={id}>
      <div className={styles.sectionHead}>
        <Heading id={id}>{title}</Heading>
        {action}
      </div>
      {children}
    </section>
  );
}
