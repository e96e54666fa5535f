export function LabelsPage() {
  return <h1>LabelsPage</h1>;
}
