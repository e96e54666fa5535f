import { Alert, Anchor, Button, type ButtonProps, PasswordInput, TextInput } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { ComponentProps, ReactNode } from "react";
import { useTranslation } from "@/i18n/words";
import type { useForm } from "@/parts/useForm";
import styles from "./auth.module.css";

type Form = ReturnType<typeof useForm>;

const AnchorLink = createLink(Anchor<"a">);
export const ButtonLink = createLink((props: ButtonProps & ComponentProps<"a">) => (
  <Button component="a" {...props} />
));

/** A link that fingers can hit. */
export const QuietLink: typeof AnchorLink = (props) => (
  <AnchorLink className={styles.link} underline="always" {...props} />
);

export function EmailField({ form }: { form: Form }) {
  const { t } = useTranslation("auth");
  return (
    <TextInput
      name="email"
      type="email"
      label={t("email")}
      autoComplete="username"
      autoCapitalize="none"
      spellCheck={false}
      maxLength={254}
      size="md"
      required
      withAsterisk={false}
      error={form.error("email")}
    />
  );
}

export function NameField({ form }: { form: Form }) {
  const { t } = useTranslation("auth");
  return (
    <TextInput
      name="name"
      label={t("name")}
      description={t("nameHint")}
      autoComplete="name"
      maxLength={100}
      size="md"
      required
      withAsterisk={false}
      error={form.error("name")}
    />
  );
}

/** A password that exists already, or (`fresh`) one to be made up, with what it must be like. */
export function PasswordField({ form, fresh = false }: { form: Form; fresh?: boolean }) {
  const { t } = useTranslation("auth");
  const error = form.error("password");
  return (
    <PasswordInput
      name="password"
      label={t(fresh ? "newPassword" : "password")}
      description={fresh ? t("passwordHint") : null}
      autoComplete={fresh ? "new-password" : "current-password"}
      visibilityToggleButtonProps={{ "aria-label": t("showPassword"), tabIndex: 0 }}
      size="md"
      required
      withAsterisk={false}
      error={error}
      aria-invalid={error !== null}
    />
  );
}

/** What went wrong with the whole, and the button. */
export function Submit(props: { form: Form; label: string; failure?: ReactNode }) {
  const said = props.failure ?? props.form.failure;
  return (
    <>
      {said ? (
        <Alert color="red" variant="light">
          {said}
        </Alert>
      ) : null}
      <Button type="submit" size="md" fullWidth loading={props.form.busy}>
        {props.label}
      </Button>
    </>
  );
}
