export function AppearancePage() {
  return <h1>AppearancePage</h1>;
}
