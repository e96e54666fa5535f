import { Button, Code, Group, Text, Title } from "@mantine/core";
import { Component, type ErrorInfo, type ReactNode, useState } from "react";
import { asProblem } from "@/api/problem";
import { useTranslation } from "@/i18n/words";
import styles from "./ErrorBoundary.module.css";

type Props = {
  children: ReactNode;
  /** Another value tries again: the address of the page. */
  resetKey?: string;
};
type State = { error: unknown; where: string; key: string | undefined };

/** Around a page: what cannot be drawn says so, and the rest of the application stays. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: null, where: "", key: this.props.resetKey };

  static getDerivedStateFromError(error: unknown) {
    return { error: error ?? new Error("nothing") };
  }

  static getDerivedStateFromProps({ resetKey }: Props, before: State) {
    return resetKey === before.key ? null : { error: null, where: "", key: resetKey };
  }

  override componentDidCatch(_: unknown, { componentStack }: ErrorInfo) {
    this.setState({ where: componentStack ?? "" });
  }

  override render() {
    const { error, where } = this.state;
    return error === null ? this.props.children : <Failed error={error} where={where} />;
  }
}

/** What somebody who mends it wants to know. */
export function detailsOf(error: unknown, where: string): string {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return [
    `${name}: ${message}`,
    `${location.pathname} · ${new Date().toISOString()}`,
    navigator.userAgent,
    // Chromium's stack begins with the message, others' does not.
    (stack ?? "").replace(`${name}: ${message}\n`, ""),
    where.trim(),
  ]
    .filter(Boolean)
    .join("\n");
}

export function Failed({ error, where = "" }: { error: unknown; where?: string }) {
  const { t } = useTranslation("parts");
  const [copied, setCopied] = useState<"no" | "yes" | "shown">("no");
  const details = detailsOf(error, where);
  const copy = () =>
    navigator.clipboard.writeText(details).then(
      () => setCopied("yes"),
      () => setCopied("shown"),
    );
  return (
    <section className={styles.failed} role="alert">
      <Title order={2} size="h3">
        {t("failed.title")}
      </Title>
      <Text>{t("failed.text")}</Text>
      <Code block>{asProblem(error).message}</Code>
      <Group>
        <Button onClick={() => location.reload()}>{t("failed.reload")}</Button>
        <Button variant="default" onClick={() => void copy()}>
          {t(copied === "yes" ? "failed.copied" : "failed.copy")}
        </Button>
      </Group>
      {copied === "shown" && <Code block>{details}</Code>}
    </section>
  );
}
