import { type ReactNode, useId } from "react";
import styles from "./TaskPanel.module.css";

type Props = { title: string; action?: ReactNode; children: ReactNode };

/** A part of the task, with its own heading. */
export function Section({ title, action, children }: Props) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <div className={styles.sectionHead}>
        <h3 id={id}>{title}</h3>
        {action}
      </div>
      {children}
    </section>
  );
}
