import { Button, TextInput } from "@mantine/core";

export function LoginPage() {
  return (
    <main>
      <TextInput label="E-mail" />
      <Button>Log in</Button>
    </main>
  );
}
