import { Alert, Button, PasswordInput } from "@mantine/core";
import { useTranslation } from "@/i18n/words";
import type { useForm } from "@/parts/useForm";

type Form = ReturnType<typeof useForm>;
type Props = { form: Form; name: string; label: string; fresh?: boolean; description?: string };

/** A password that exists already, or (`fresh`) one to be made up. */
export function Password({ form, name, label, fresh = false, description }: Props) {
  const { t } = useTranslation("settings");
  const error = form.error(name);
  return (
    <PasswordInput
      name={name}
      label={label}
      description={description}
      autoComplete={fresh ? "new-password" : "current-password"}
      visibilityToggleButtonProps={{ "aria-label": t("showPassword"), tabIndex: 0 }}
      required
      withAsterisk={false}
      error={error}
      aria-invalid={error !== null}
    />
  );
}

type SubmitProps = {
  form: Form;
  label: string;
  /** What to say instead of the usual words for what went wrong. */
  failure?: string | undefined;
  danger?: boolean;
};

/** What went wrong with the whole, and the button. */
export function Submit({ form, label, failure, danger = false }: SubmitProps) {
  const said = failure ?? form.failure;
  return (
    <>
      {said ? (
        <Alert color="red" variant="light">
          {said}
        </Alert>
      ) : null}
      <div>
        <Button type="submit" loading={form.busy} {...(danger ? { color: "red" } : {})}>
          {label}
        </Button>
      </div>
    </>
  );
}
