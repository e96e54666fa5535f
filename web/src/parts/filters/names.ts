/** What the ids in tasks are called. */

import { useMemo } from "react";
import type { Label, Member, Project } from "@/replica/model";
import type { View } from "@/replica/workspace";

export type Names = {
  members: readonly Member[];
  projects: readonly Project[];
  labels: readonly Label[];
  member: ReadonlyMap<string, Member>;
  project: ReadonlyMap<string, Project>;
  label: ReadonlyMap<string, Label>;
};

const NOBODY: readonly never[] = [];

/** The people, projects and labels of a view; the same object until one of them changes. */
export function useNames(view: View): Names {
  const members = view.head?.members ?? NOBODY;
  const projects = view.head?.projects ?? NOBODY;
  const labels = view.head?.labels ?? NOBODY;
  return useMemo(
    () => ({
      members,
      projects,
      labels,
      member: new Map(members.map((one) => [one.user_id, one])),
      project: new Map(projects.map((one) => [one.id, one])),
      label: new Map(labels.map((one) => [one.id, one])),
    }),
    [members, projects, labels],
  );
}
