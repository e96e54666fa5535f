// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it } from "vitest";
import { hideBefore, pageAt, showBefore, takeOver } from ".";

beforeEach(() => {
  document.body.innerHTML = `
    <div id="before"><form method="dialog">
      <input name="email" /><input name="password" type="password" /><button type="submit">In</button>
    </form></div>
    <div id="root"></div>`;
});
afterEach(() => {
  document.body.innerHTML = "";
});

const root = () => document.getElementById("root") as HTMLElement;

function arrive(): { form: HTMLFormElement; sent: () => number } {
  let sent = 0;
  root().innerHTML = `<main><form><input name="email" /><input name="password" /></form></main>`;
  const form = root().querySelector("form") as HTMLFormElement;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sent += 1;
  });
  return { form, sent: () => sent };
}

it("knows what comes at an address", () => {
  expect(pageAt("/login", false)).toBe("login");
  expect(pageAt("/register", true)).toBe("auth");
  expect(pageAt("/w/1/board", true)).toBe("board");
  expect(pageAt("/w/1/board", false)).toBe("login");
  expect(pageAt("/my-tasks", true)).toBe("app");
});

it("stays until there is something else to see", async () => {
  hideBefore(root());
  root().append(document.createElement("style"));
  await Promise.resolve();
  expect(document.getElementById("before")).not.toBeNull();
  root().append(document.createElement("main"));
  await Promise.resolve();
  expect(document.getElementById("before")).toBeNull();
});

it("hands on what has been typed, and where", () => {
  const [email, password] = document.querySelectorAll("input");
  if (email && password) {
    email.value = "ada@people.example";
    password.value = "half of i";
    password.focus();
  }
  const { form, sent } = arrive();
  takeOver(form);
  expect(Object.fromEntries(new FormData(form))).toEqual({
    email: "ada@people.example",
    password: "half of i",
  });
  expect(document.activeElement).toBe(form.elements.namedItem("password"));
  expect(sent()).toBe(0);
});

it("sends what was to be sent before anybody listened", () => {
  showBefore(false);
  document.querySelector<HTMLFormElement>("#before form")?.requestSubmit();
  const { form, sent } = arrive();
  takeOver(form);
  expect(sent()).toBe(1);
});
