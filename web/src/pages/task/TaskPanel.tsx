export function TaskPanel() {
  return <h1>TaskPanel</h1>;
}
