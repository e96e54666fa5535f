import { Alert, Button } from "@mantine/core";
import { useRouter } from "@tanstack/react-router";
import { useCallback, useState, useSyncExternalStore } from "react";
import { onSession, sessionState, sessionUser, signOut } from "@/api/session";
import { useTranslation } from "@/i18n/words";
import { useForm } from "@/parts/useForm";
import { AuthFrame } from "./AuthFrame";
import styles from "./auth.module.css";
import { EmailField, NameField, PasswordField, QuietLink, Submit } from "./fields";
import { firstPage, register, tokenOfLink } from "./open";

/** Take over the account that was made for an invited person, and with it their memberships. */
export function AcceptInvitationPage() {
  const { t } = useTranslation("auth");
  const [token] = useState(tokenOfLink);
  const [accepting, setAccepting] = useState(false);
  const signedIn = useSyncExternalStore(onSession, sessionState) === "in" && !accepting;
  return (
    <AuthFrame title={t("accept.title")} intro={token && !signedIn ? t("accept.intro") : undefined}>
      {token === "" ? <Bad /> : signedIn ? <SignedIn /> : null}
      {token !== "" && !signedIn ? <AcceptForm token={token} onSending={setAccepting} /> : null}
      <nav className={styles.links} aria-label={t("otherWays")}>
        <QuietLink to={signedIn ? "/my-tasks" : "/login"}>
          {t(signedIn ? "confirm.on" : "register.login")}
        </QuietLink>
      </nav>
    </AuthFrame>
  );
}

function AcceptForm(props: { token: string; onSending: (sending: boolean) => void }) {
  const { t } = useTranslation("auth");
  const router = useRouter();
  const { token, onSending } = props;
  const send = useCallback(
    async ({ email = "", name = "", password = "" }) => {
      onSending(true);
      try {
        await register({ email: email.trim(), name, password, invitation: token });
        router.history.replace(await firstPage());
      } catch (error) {
        onSending(false);
        throw error;
      }
    },
    [token, onSending, router],
  );
  const form = useForm(send, true);
  if (form.problem?.errors.some((item) => item.pointer === "/invitation")) return <Bad />;
  const taken = form.problem?.code === "email_taken" ? t("accept.taken") : undefined;
  return (
    <form className={styles.form} {...form.props}>
      <EmailField form={form} />
      <NameField form={form} />
      <PasswordField form={form} fresh />
      <Submit form={form} label={t("accept.submit")} failure={taken} />
    </form>
  );
}

function Bad() {
  const { t } = useTranslation("auth");
  return (
    <Alert color="red" variant="light" mt="lg">
      {t("accept.bad")}
    </Alert>
  );
}

/** The invitation may be meant for somebody else than who uses this browser. */
function SignedIn() {
  const { t } = useTranslation("auth");
  const [unsent, setUnsent] = useState(0);
  const leave = async () => {
    const user = sessionUser() ?? "";
    const { erase, unsentOf } = await import("@/replica/db");
    const count = await unsentOf(user).catch(() => 0);
    if (count > unsent) {
      setUnsent(count);
      return;
    }
    await signOut();
    await erase(user);
  };
  return (
    <>
      <Alert variant="light" mt="lg">
        {t("accept.signedIn")}
      </Alert>
      {unsent > 0 && (
        <Alert color="yellow" mt="md">
          {t("accept.unsent", { count: unsent })}
        </Alert>
      )}
      <Button fullWidth size="md" mt="md" onClick={() => void leave()}>
        {t(unsent > 0 ? "accept.lose" : "accept.signOut")}
      </Button>
    </>
  );
}
