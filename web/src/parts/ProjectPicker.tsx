import { useMemo } from "react";
import { useTranslation } from "@/i18n/words";
import type { Project } from "@/replica/model";
import { type Option, Picker, type PickerLook } from "./Picker";
import styles from "./Picker.module.css";

export type ChoosableProject = Pick<Project, "id" | "name" | "color" | "archived">;

type Props = PickerLook & {
  projects: readonly ChoosableProject[];
  value: string | null;
  onChange: (value: string | null) => void;
};

const NONE = "";

/** A project's colour, for where its name stands beside it. */
export function ProjectDot({ color }: { color: string | null }) {
  return <span className={styles.dot} style={{ background: color ?? "transparent" }} aria-hidden />;
}

export function ProjectPicker({ projects, value, onChange, label, ...look }: Props) {
  const { t } = useTranslation("parts");
  const options = useMemo<Option[]>(() => {
    const named = projects
      .filter((one) => !one.archived || one.id === value)
      .sort((a, b) => a.name.localeCompare(b.name))
      .map((one) => ({
        value: one.id,
        label: one.name,
        icon: <ProjectDot color={one.color} />,
      }));
    return [{ value: NONE, label: t("project.none"), icon: <ProjectDot color={null} /> }, ...named];
  }, [projects, value, t]);
  const project = projects.find((one) => one.id === value);
  const said = value === null ? t("project.none") : (project?.name ?? t("project.gone"));
  return (
    <Picker
      {...look}
      label={label ?? t("project.label")}
      said={said}
      options={options}
      values={[value ?? NONE]}
      onPick={(next) => next !== (value ?? NONE) && onChange(next === NONE ? null : next)}
    >
      <ProjectDot color={project?.color ?? null} />
      {!look.compact && <bdi className={value === null ? styles.empty : undefined}>{said}</bdi>}
    </Picker>
  );
}
