/** Work that nobody waits for. */

const PATIENCE_MS = 1_000;
// By then the first page has been drawn.
const BEGUN_MS = 2_500;

/** When the page has nothing better to do, or has had something to do for a while. */
export const quiet = (): Promise<unknown> =>
  new Promise((go) => {
    if ("requestIdleCallback" in globalThis) requestIdleCallback(go, { timeout: PATIENCE_MS });
    else setTimeout(go, 50);
  });

/** When whatever waits for its turn has had it. */
export const turn = (): Promise<unknown> => new Promise((go) => setTimeout(go));

/** When what is new is on the screen. */
export const drawn = (): Promise<unknown> =>
  new Promise((go) => {
    if (document.visibilityState === "hidden") go(undefined);
    else requestAnimationFrame(() => setTimeout(go));
  }).then(quiet);

/** The same as `quiet`, and not while the application begins. */
export const begun: Promise<unknown> = new Promise((go) => setTimeout(go, BEGUN_MS)).then(quiet);
