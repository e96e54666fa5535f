export function AcceptInvitationPage() {
  return <h1>AcceptInvitationPage</h1>;
}
