import type { Head } from "@/replica/db";
import type { Conflict } from "@/replica/model";

type Props = {
  conflicts: readonly Conflict[];
  title: string;
  head: Head | undefined;
  onResolve: (keepMine: (conflict: Conflict) => boolean) => void;
  onClose: () => void;
};

export function ConflictDialog({ title }: Props) {
  return <p>{title}</p>;
}
