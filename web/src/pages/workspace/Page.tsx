import { Group, Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./workspace.module.css";

type Props = { title: string; action?: ReactNode; children: ReactNode };

/** A page that keeps a workspace in order. */
export function Page({ title, action, children }: Props) {
  return (
    <div className={classes.page}>
      <Group justify="space-between" mb="md">
        <Title order={1} size="h2">
          {title}
        </Title>
        {action}
      </Group>
      {children}
    </div>
  );
}
