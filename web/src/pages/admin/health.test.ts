import { expect, it } from "vitest";
import { readHealth } from "./health";

it("reads which part is broken", () => {
  const body = {
    status: "failed",
    checks: { database: { status: "ok", seconds: 0.001 }, redis: { status: "failed", seconds: 1 } },
  };
  expect(readHealth(body)).toEqual({
    status: "failed",
    checks: [
      { name: "database", status: "ok", seconds: 0.001, detail: null },
      { name: "redis", status: "failed", seconds: 1, detail: null },
    ],
  });
});

it("does not take what others answer for health", () => {
  for (const body of [null, "Bad Gateway", {}, { status: 502 }, []]) {
    expect(readHealth(body)).toEqual({ status: "away", checks: [] });
  }
});

it("tells what it can go on without", () => {
  const body = { status: "degraded", checks: { memory: { status: "degraded", detail: "Low." } } };
  expect(readHealth(body)).toEqual({
    status: "degraded",
    checks: [{ name: "memory", status: "degraded", seconds: null, detail: "Low." }],
  });
});
