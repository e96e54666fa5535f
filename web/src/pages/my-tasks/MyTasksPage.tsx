export function MyTasksPage() {
  return <h1>MyTasksPage</h1>;
}
