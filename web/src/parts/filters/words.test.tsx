// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { startForTests } from "../testing";
import { type Filter, NO_FILTER } from "./model";
import { Words } from "./Words";

beforeAll(() => startForTests("filters"));
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("matchMedia", () => ({
    matches: false,
    addEventListener() {},
    removeEventListener() {},
  }));
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const page = (q: string, onChange: (change: (now: Filter) => Filter) => void) => (
  <MantineProvider>
    <Words filter={{ ...NO_FILTER, q }} onChange={onChange} />
  </MantineProvider>
);
const input = () => screen.getByRole<HTMLInputElement>("searchbox");
const type = (value: string) => {
  fireEvent.change(input(), { target: { value } });
  act(() => vi.advanceTimersByTime(500));
};

it("keeps what is typed while an older address comes late", () => {
  const written: string[] = [];
  const onChange = (change: (now: Filter) => Filter) => written.push(change(NO_FILTER).q);
  const { rerender } = render(page("", onChange));
  type("ing");
  type("ingest");
  rerender(page("ing", onChange));
  expect(input().value).toBe("ingest");
  rerender(page("ingest", onChange));
  expect(input().value).toBe("ingest");
  expect(written).toEqual(["ing", "ingest"]);
});

it("takes words that come from elsewhere, and does not write them again", () => {
  const onChange = vi.fn();
  const { rerender } = render(page("", onChange));
  type("tide");
  rerender(page("tide", onChange));
  rerender(page("", onChange));
  expect(input().value).toBe("");
  rerender(page("tide", onChange));
  act(() => vi.advanceTimersByTime(500));
  expect(input().value).toBe("tide");
  expect(onChange).toHaveBeenCalledTimes(1);
});
