import { Group, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { usePageTitle } from "@/parts/pageTitle";
import classes from "./workspace.module.css";

type Props = { title: string; action?: ReactNode; children: ReactNode };

/** A page that keeps a workspace in order. */
export function Page({ title, action, children }: Props) {
  usePageTitle(title);
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
