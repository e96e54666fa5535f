/** What a page shows before any file has come: markup, style and words are put into it when it is built. */

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { HtmlTagDescriptor, IndexHtmlTransformContext, Plugin } from "vite";

const LANGUAGES = ["en", "de"] as const;

const read = (path: string) => readFile(fileURLToPath(new URL(path, import.meta.url)), "utf8");

const packed = (text: string) => text.replace(/\s+/g, " ").replace(/> </g, "><").trim();

type Words = { [key: string]: Words | string };

/** What `auth:login.title` says in each language; a page shows the one that is its own. */
async function said(name: string): Promise<string> {
  const [namespace = "", path = ""] = name.split(":");
  const spans = LANGUAGES.map(async (language) => {
    const words: Words = JSON.parse(await read(`../src/locales/${language}/${namespace}.json`));
    const found = path.split(".").reduce<Words | string | undefined>((at, key) => {
      return typeof at === "object" ? at[key] : undefined;
    }, words);
    if (typeof found !== "string") throw new Error(`${language} has no words for ${name}`);
    return `<span lang="${language}">${found.replace(/&/g, "&amp;").replace(/</g, "&lt;")}</span>`;
  });
  return (await Promise.all(spans)).join("");
}

async function before(): Promise<{ markup: string; style: string }> {
  const [html, css] = await Promise.all([
    read("../src/before/before.html"),
    read("../src/before/before.css"),
  ]);
  const names = [...new Set([...html.matchAll(/\{\{(.+?)\}\}/g)].map(([, name = ""]) => name))];
  const words = new Map(
    await Promise.all(names.map(async (name) => [name, await said(name)] as const)),
  );
  const markup = html.replace(/\{\{(.+?)\}\}/g, (_, name: string) => words.get(name) ?? "");
  const style = packed(css.replace(/\/\*[\s\S]*?\*\//g, "")).replace(/ ?([{};,]) ?/g, "$1");
  return { markup: packed(markup), style };
}

type Bundle = NonNullable<IndexHtmlTransformContext["bundle"]>;

/** The files that a module needs, and its style sheets. */
function filesOf(bundle: Bundle, module: string): string[] {
  const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
  // A file of its own, or the one that it shares with others.
  const entry =
    chunks.find(({ facadeModuleId: id }) => id?.endsWith(module)) ??
    chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith(module)));
  if (entry === undefined) throw new Error(`${module} is in no file`);
  const found = new Set<string>();
  const take = (name: string) => {
    const file = bundle[name];
    if (found.has(name) || file?.type !== "chunk") return;
    // What it imports comes first.
    for (const other of file.imports) take(other);
    found.add(name);
    for (const style of file.viteMetadata?.importedCss ?? []) found.add(style);
  };
  take(entry.fileName);
  return [...found];
}

// What `app/ahead.ts` asks for.
const AHEAD = [
  "auth/LoginPage.tsx",
  "app/Shell.tsx",
  "my-tasks/MyTasksPage.tsx",
  "inbox/InboxPage.tsx",
  "list/ListPage.tsx",
  "board/BoardPage.tsx",
  "replica/db.ts",
];

function links(bundle: Bundle): HtmlTagDescriptor[] {
  const all = filesOf(bundle, "src/main.tsx");
  const ahead = AHEAD.map((module): [string, string[]] => [
    module.replace(/.*\/|\.tsx?$/g, ""),
    filesOf(bundle, `/${module}`)
      .filter((name) => !all.includes(name))
      .map((name) => name.replace("assets/", "")),
  ]);
  // The last one is the application, whose style sheet is waited for.
  const last = all.findLast((name) => name.endsWith(".js"));
  const link = (name: string) => {
    const how = name.endsWith(".css")
      ? { rel: "preload", as: "style" }
      : { rel: "modulepreload", "data-part": name !== last };
    return { tag: "link", attrs: { ...how, crossorigin: true, href: `/${name}` } };
  };
  const files = JSON.stringify(Object.fromEntries(ahead));
  return [...all.map(link), { tag: "meta", attrs: { name: "files", content: files } }];
}

/**
 * Fills in what is drawn before, and names the files: those of every page are on their way at once,
 * and `boot.ts` runs them. It waits for no style sheet itself.
 */
export function drawnBefore(): Plugin {
  return {
    name: "tidework-before",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      async handler(html, { bundle = {} }) {
        const { markup, style } = await before();
        return {
          html: html
            .replace(/<script (?=[^>]*\/boot-)/, "<script async ")
            .replace("<!-- before's style -->", () => `<style nonce="__NONCE__">${style}</style>`)
            .replace("<!-- before -->", () => markup),
          tags: links(bundle).map((tag) => ({ ...tag, injectTo: "head" as const })),
        };
      },
    },
  };
}
