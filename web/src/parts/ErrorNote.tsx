import { Alert, Button, Group, Text } from "@mantine/core";
import { IconAlertCircle, IconCloudOff } from "@tabler/icons-react";
import { asProblem } from "@/api/problem";
import { useProblemWords } from "@/i18n/problemWords";
import { useTranslation } from "@/i18n/words";

type Props = {
  /** Whatever was thrown. */
  error: unknown;
  onRetry?: (() => void) | undefined;
  title?: string;
};

/** Where something should be and could not be had. */
export function ErrorNote({ error, onRetry, title }: Props) {
  const { t } = useTranslation("parts");
  const { whole } = useProblemWords();
  const problem = asProblem(error);
  const Icon = problem.offline ? IconCloudOff : IconAlertCircle;
  return (
    <Alert
      role="alert"
      color={problem.passing ? "yellow" : "red"}
      variant="outline"
      icon={<Icon aria-hidden />}
      title={title}
    >
      <Text size="sm">{whole(problem)}</Text>
      {problem.requestId && problem.status >= 500 && (
        <Text size="xs" mt={4}>
          {t("error.request", { id: problem.requestId })}
        </Text>
      )}
      {onRetry && (
        <Group mt="xs">
          <Button size="compact-sm" variant="default" onClick={onRetry}>
            {t("error.retry")}
          </Button>
        </Group>
      )}
    </Alert>
  );
}
