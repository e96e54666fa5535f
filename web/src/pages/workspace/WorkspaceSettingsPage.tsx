export function WorkspaceSettingsPage() {
  return <h1>WorkspaceSettingsPage</h1>;
}
