/** What the page shows until the application has drawn its own: it comes with the page itself. */

const ID = "before";
const STRANGERS: Readonly<Record<string, string>> = {
  "/login": "login",
  "/register": "auth",
  "/forgot-password": "auth",
  "/reset-password": "auth",
  "/confirm-email": "auth",
  "/accept-invitation": "auth",
};

/** What comes at `path`; where nobody is signed in all others lead to signing in. */
export function pageAt(path: string, signedIn: boolean): string {
  const open = STRANGERS[path];
  if (open !== undefined || !signedIn) return open ?? "login";
  return path.endsWith("/board") ? "board" : "app";
}

/** The server knows the address and not who is there; and a page that was kept is of any address. */
export function showBefore(signedIn: boolean): void {
  document.documentElement.dataset.page = pageAt(location.pathname, signedIn);
  // A press on the button counts as soon as there is somebody to answer it.
  document.getElementById(ID)?.addEventListener("submit", ({ target }) => {
    (target as HTMLFormElement).dataset.sent = "";
  });
}

/** It goes as soon as there is something of its own in `root`. */
export function hideBefore(root: HTMLElement): void {
  const drawn = () => root.querySelector(":scope > :not(style, script)") !== null;
  const observer = new MutationObserver(() => {
    if (!drawn()) return;
    observer.disconnect();
    document.getElementById(ID)?.remove();
  });
  observer.observe(root, { childList: true });
}

/** Puts into `form` what has been typed meanwhile, with the keyboard where it was. */
export function takeOver(form: HTMLFormElement): void {
  const typed = document.querySelector<HTMLFormElement>(`#${ID} form`);
  for (const field of typed?.querySelectorAll("input") ?? []) {
    const own = form.elements.namedItem(field.name);
    if (!(own instanceof HTMLInputElement)) return;
    if (field.value !== "") own.value = field.value;
    if (field === document.activeElement) own.focus();
  }
  if (typed?.dataset.sent !== undefined) form.requestSubmit();
}
