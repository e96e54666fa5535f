import { Alert, Button, Group } from "@mantine/core";
import { Suspense, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { arriving } from "@/parts/arriving";
import { useConnection } from "@/replica/hooks";
import { useNewVersion } from "./newVersion";
import classes from "./Shell.module.css";

const Conflicts = arriving(() => import("./Conflicts"));

/** What people have to know, above every page. */
export function Banners() {
  const { t } = useTranslation("shell");
  const { asking, storage } = useConnection();
  const [deciding, setDeciding] = useState(false);
  const reload = useNewVersion();
  return (
    <div className={classes.banners}>
      {asking.length > 0 && (
        <Alert
          color="orange"
          mb="sm"
          role="status"
          title={t("conflicts.title", { count: asking.length })}
        >
          <Group justify="space-between">
            {t("conflicts.text")}
            <Button size="compact-sm" onClick={() => setDeciding(true)}>
              {t("conflicts.decide")}
            </Button>
          </Group>
        </Alert>
      )}
      {storage === "full" && (
        <Alert color="yellow" mb="sm" title={t("full.title")}>
          {t("full.text")}
        </Alert>
      )}
      {reload !== null && (
        <Alert mb="sm" role="status" title={t("newer.title")}>
          <Group justify="space-between">
            {t("newer.text")}
            <Button size="compact-sm" onClick={reload}>
              {t("newer.reload")}
            </Button>
          </Group>
        </Alert>
      )}
      <Suspense fallback={null}>
        {deciding && asking.length > 0 && <Conflicts onClose={() => setDeciding(false)} />}
      </Suspense>
    </div>
  );
}
