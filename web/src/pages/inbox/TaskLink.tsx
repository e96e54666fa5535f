import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

type Props = {
  workspaceId: string;
  number: number;
  onOpen: () => void;
  children: ReactNode;
};

/** Opens the task beside the inbox. */
export function TaskLink({ workspaceId, number, onOpen, children }: Props) {
  return (
    <Link to="/inbox" search={{ task: `${workspaceId}/${number}` }} onClick={onOpen}>
      {children}
    </Link>
  );
}
