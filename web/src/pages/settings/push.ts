/** Messages to this browser while the application is closed. */

import { api, data, type Schemas } from "@/api/client";

/** Why this browser cannot be told, or that it can. */
export type Ability = "able" | "insecure" | "unsupported" | "refused" | "noWorker";

export async function ability(): Promise<Ability> {
  if (!window.isSecureContext) return "insecure";
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    return "unsupported";
  }
  if (Notification.permission === "denied") return "refused";
  return (await navigator.serviceWorker.getRegistration()) === undefined ? "noWorker" : "able";
}

async function registration(): Promise<ServiceWorkerRegistration> {
  return await navigator.serviceWorker.ready;
}

/** The address that this browser is told by, if it is. */
export async function ownEndpoint(): Promise<string | null> {
  if ((await ability()) !== "able") return null;
  return (await (await registration()).pushManager.getSubscription())?.endpoint ?? null;
}

/** Ask the person and the browser; false when the person does not want it. */
export async function subscribe(): Promise<boolean> {
  if ((await Notification.requestPermission()) !== "granted") return false;
  const { key } = await data(api.GET("/api/v1/notifications/push/key"));
  const subscription = await (await registration()).pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: key,
  });
  const body = subscription.toJSON() as Schemas["SubscriptionIn"];
  await api.POST("/api/v1/notifications/push/subscriptions", { body });
  return true;
}

/** Tell a browser no more; its own subscription goes too where it is this one. */
export async function unsubscribe(id: string, endpoint: string): Promise<void> {
  const params = { path: { subscription_id: id } };
  await api.DELETE("/api/v1/notifications/push/subscriptions/{subscription_id}", { params });
  if ((await ownEndpoint()) !== endpoint) return;
  await (await (await registration()).pushManager.getSubscription())?.unsubscribe();
}
