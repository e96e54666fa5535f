export type TaskPanelProps = { workspaceId: string; number: number; onClose: () => void };

export function TaskPanel({ number }: TaskPanelProps) {
  return <h2>{number}</h2>;
}
