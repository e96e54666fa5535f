// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { startForTests } from "@/parts/testing";
import { target } from "./addresses";
import { forgetHosts } from "./hosts";
import { Markdown, type MarkdownProps } from "./Markdown";

// Whole components on a machine that has other things to do.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });
beforeAll(async () => {
  await startForTests("markdown");
  await import("./Rendered");
});
beforeEach(forgetHosts);
afterEach(cleanup);

async function drawn(source: string, props: Partial<MarkdownProps> = {}) {
  const { container } = render(
    <MantineProvider>
      <Markdown source={source} {...props} />
      <p data-testid="end" />
    </MantineProvider>,
  );
  await vi.waitFor(() => expect(container.querySelector("[class*=body]")).not.toBeNull());
  return container;
}

const HOSTILE = [
  "<script>window.hit = 1</script>",
  '<img src=x onerror="window.hit = 1">',
  "<svg/onload=window.hit=1>",
  '<iframe srcdoc="<script>parent.hit=1</script>"></iframe>',
  '<a href="javascript:window.hit=1" onclick="window.hit=1">x</a>',
  "[x](javascript:window.hit=1)",
  "[x](JaVaScRiPt:window.hit=1)",
  "[x](java&#x0A;script:window.hit=1)",
  "[x](&#x6A;avascript:window.hit=1)",
  "[x](<java\tscript:window.hit=1>)",
  "[x](<\u0001javascript:window.hit=1>)",
  "[x](vbscript:window.hit=1)",
  "[x](data:text/html;base64,PHNjcmlwdD5oaXQ9MTwvc2NyaXB0Pg==)",
  "[x](blob:http://localhost/1)",
  "[x](file:///etc/passwd)",
  "![x](javascript:window.hit=1)",
  "![x](data:image/svg+xml,<svg onload=window.hit=1>)",
  "[x][y]\n\n[y]: javascript:window.hit=1",
  "<javascript:window.hit=1>",
  '[x](https://e.org "\\" onmouseover=window.hit=1 \\"")',
  "`<script>window.hit=1</script>`",
  "[^1]\n\n[^1]: [x](javascript:window.hit=1)",
];

describe("texts that mean harm", () => {
  test.each(HOSTILE)("%s", async (source) => {
    const container = await drawn(source);
    for (const element of container.querySelectorAll("*")) {
      expect(element.tagName).not.toMatch(/^(SCRIPT|IFRAME|OBJECT|EMBED|FORM)$/);
      for (const { name, value } of element.attributes) {
        expect(name).not.toMatch(/^on/);
        expect(name).not.toBe("srcdoc");
        if (name === "href" || name === "src") expect(value).toMatch(/^(https?:\/\/|\/|#|mailto:)/);
      }
    }
    expect((window as { hit?: number }).hit).toBeUndefined();
  });

  test("links that may be followed say nothing of where they come from", async () => {
    const container = await drawn("[x](https://e.org/a) <a@b.org> [y](ftp://e.org) [z](//e.org)");
    const links = [...container.querySelectorAll("a")];
    expect(links.map((a) => a.getAttribute("href"))).toEqual([
      "https://e.org/a",
      "mailto:a@b.org",
      "http://e.org/",
    ]);
    for (const link of links) {
      expect(link.rel).toBe("noopener noreferrer nofollow");
      expect(link.target).toBe("_blank");
    }
    expect(links[0]?.textContent).toContain("opens in a new tab");
  });

  test("what a browser would take for another host is another host", () => {
    const page = "https://tide.example/w/1";
    expect(target("\\\\evil.org/x", page)?.internal).toBe(false);
    expect(target("/\t/evil.org/x", page)?.internal).toBe(false);
    expect(target("https://tide.example@evil.org/", page)?.internal).toBe(false);
    expect(target("/w/2", page)).toEqual({ href: "/w/2", internal: true });
    expect(target("  ", page)).toBeNull();
  });
});

describe("pictures that lie elsewhere", () => {
  test("wait until they are wanted", async () => {
    const container = await drawn("![a cat](https://cats.org/1.png) ![b](https://cats.org/2.png)");
    expect(container.querySelectorAll("img")).toHaveLength(0);
    expect(container.textContent).toContain("cats.org");
    await userEvent.click(screen.getAllByRole("button", { name: "Show image" })[0] as Element);
    expect([...container.querySelectorAll("img")].map((img) => img.src)).toEqual([
      "https://cats.org/1.png",
    ]);
  });

  test("are remembered by host", async () => {
    const first = await drawn("![a](https://cats.org/1.png) ![b](https://dogs.org/2.png)");
    await userEvent.click(screen.getByRole("button", { name: "Always from cats.org" }));
    expect(first.querySelectorAll("img")).toHaveLength(1);
    cleanup();
    const second = await drawn(
      "![a](https://cats.org/3.png) ![b](https://dogs.org.evil.org/2.png)",
    );
    expect(second.querySelectorAll("img")).toHaveLength(1);
    expect(second.querySelector("img")?.getAttribute("referrerpolicy")).toBe("no-referrer");
  });

  test("our own are shown", async () => {
    const container = await drawn("![a](/files/1.png)");
    expect(container.querySelectorAll("img")).toHaveLength(1);
  });
});

describe("what is ours", () => {
  const members = [
    { user_id: "u1", name: "Ada Lovelace", email: "ada@example.com" },
    { user_id: "u2", name: "Charles", email: null },
  ];

  test("tasks and members", async () => {
    const container = await drawn(
      "See #12, `#13`, a#14 and [#15](/x). @Ada Lovelace's @nobody @ada@example.com `@Charles` **@charles**",
      { workspace: "w1", members, me: "u2" },
    );
    const links = [...container.querySelectorAll("a")].map((a) => a.getAttribute("href"));
    expect(links).toEqual(["/w/w1/t/12", "/x"]);
    const mentions = [...container.querySelectorAll("[class*=mention]")];
    expect(mentions.map((one) => one.textContent)).toEqual([
      "@Ada Lovelace",
      "@ada@example.com",
      "@charles",
    ]);
    expect(mentions.map((one) => one.hasAttribute("data-me"))).toEqual([false, false, true]);
  });

  test("thousands of tasks in one paragraph are not all links", async () => {
    const container = await drawn("#1 ".repeat(3_300), { workspace: "w1" });
    expect(container.querySelectorAll("a").length).toBe(300);
  });

  test("boxes are ticked in the source", async () => {
    const source = "- [ ] one\n- [x] two\n  1. [ ] deep `[ ]`\n\n> - [ ] quoted\n";
    const onChange = vi.fn();
    const container = await drawn(source, { onChange });
    const found = screen.getAllByRole("checkbox");
    expect(found).toHaveLength(4);
    for (const box of found) await userEvent.click(box);
    expect(onChange.mock.calls.map(([next]) => next)).toEqual([
      source.replace("[ ] one", "[x] one"),
      source.replace("[x] two", "[ ] two"),
      source.replace("[ ] deep", "[x] deep"),
      source.replace("[ ] quoted", "[x] quoted"),
    ]);
    expect(container.querySelector("input")?.getAttribute("aria-label")).toBe("one");
  });

  test("without a listener boxes only show", async () => {
    await drawn("- [ ] one");
    expect((screen.getByRole("checkbox") as HTMLInputElement).disabled).toBe(true);
  });
});

describe("texts that no person writes", () => {
  test.each([
    ["quotes", ">".repeat(60_000)],
    ["lists", "- ".repeat(30_000)],
    ["a staircase", Array.from({ length: 250 }, (_, i) => `${" ".repeat(i * 2)}- x`).join("\n")],
    ["brackets", "[a](".repeat(15_000)],
  ])("%s are shown as they are", async (_, source) => {
    render(
      <MantineProvider>
        <Markdown source={source} />
      </MantineProvider>,
    );
    expect(await screen.findByRole("button", { name: /Show all/ })).toBeTruthy();
  });

  test("long ones begin with their beginning", async () => {
    const source = `${"word ".repeat(2_500)}the end`;
    const container = await drawn(source);
    expect(container.textContent).not.toContain("the end");
    await userEvent.click(screen.getByRole("button", { name: /Show all/ }));
    await vi.waitFor(() => expect(container.textContent).toContain("the end"));
  });
});
