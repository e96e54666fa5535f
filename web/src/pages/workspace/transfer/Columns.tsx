import { Button, NativeSelect } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { fail } from "@/notices";
import { keyOf } from "./ImportParts";
import type { Import } from "./queries";
import classes from "./transfer.module.css";

const FIELDS = [
  "title",
  "description",
  "status",
  "priority",
  "due_at",
  "labels",
  "assignee",
  "project",
  "key",
  "created_at",
  "created_by",
  "points",
  "type",
] as const;

type Props = { workspaceId: string; one: Import; onChange: () => Promise<void> };

/** Which column of a CSV file is which field; looked at again with what is chosen. */
export function Columns({ workspaceId, one, onChange }: Props) {
  const { t } = useTranslation("workspace");
  const [chosen, setChosen] = useState<Readonly<Record<string, string>>>({});
  const known = new Map(
    one.mapping
      .filter(({ field }) => field === "column")
      .map(({ value, becomes }) => [becomes, value]),
  );
  const look = async () => {
    const columns = Object.fromEntries(
      Object.entries(chosen).filter(([, column]) => column !== ""),
    );
    await api.POST("/api/v1/workspaces/{w}/imports/{import_id}/start", {
      params: { path: { w: workspaceId, import_id: one.id } },
      body: { dry_run: true, columns },
    });
    await onChange();
  };
  return (
    <details open={!known.has("title")}>
      <summary>{t("import.columns")}</summary>
      <div className={classes.columns}>
        {FIELDS.map((field) => (
          <NativeSelect
            key={field}
            label={t(`importFields.${keyOf(field)}`)}
            value={chosen[field] ?? known.get(field) ?? ""}
            data={[{ value: "", label: "–" }, ...new Set(one.columns)]}
            onChange={({ currentTarget }) => setChosen({ ...chosen, [field]: currentTarget.value })}
          />
        ))}
      </div>
      <Button
        variant="default"
        disabled={Object.keys(chosen).length === 0}
        onClick={() => void look().catch(fail)}
      >
        {t("import.lookAgain")}
      </Button>
    </details>
  );
}
