/** Installs the service worker, once the page has what it needs. */
export function installServiceWorker(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  const install = () => void navigator.serviceWorker.register("/sw.js").catch(() => null);
  if (document.readyState === "complete") setTimeout(install, 2_000);
  else addEventListener("load", () => setTimeout(install, 2_000), { once: true });
}
