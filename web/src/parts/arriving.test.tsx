// @vitest-environment jsdom
import { afterEach, expect, it, vi } from "vitest";
import { insist, pageOf } from "./arriving";

afterEach(() => vi.unstubAllGlobals());

it("asks again for code that did not come, when there is a network, and not before", async () => {
  vi.stubGlobal("navigator", { onLine: false });
  let asked = 0;
  let missed = 0;
  const load = async () => {
    asked += 1;
    if (asked < 3) throw new TypeError("Failed to fetch dynamically imported module");
    return "code";
  };
  const come = insist(load, () => {
    missed += 1;
  });
  await vi.waitFor(() => expect(missed).toBe(1));
  expect(asked).toBe(1);
  await vi.waitFor(() => {
    dispatchEvent(new Event("online"));
    expect(asked).toBe(3);
  });
  expect([await come, missed]).toEqual(["code", 1]);
});

it("lets the router go on where a page does not come", async () => {
  vi.stubGlobal("navigator", { onLine: false });
  const page = pageOf(() => Promise.reject(new TypeError("Unable to preload CSS")));
  expect(await page.preload?.()).toBeUndefined();
});
