/** What is ours in Markdown: `#123` is a task of the workspace, `@name` a member. */

import type { Link, Nodes, PhrasingContent, Root, RootContent, Text } from "mdast";
import type { Mention, Names } from "./mentions";

export type Options = { names: Names; taskHref: ((number: number) => string) | null };

const TASK = /(?<![\p{L}\p{N}_/#&])#(\d{1,9})(?![\p{L}\p{N}_])/gu;

// More in one paragraph are none that somebody follows, and each costs.
const MOST = 300;

type Parent = Extract<Nodes, { children: RootContent[] }>;
const isParent = (node: Nodes): node is Parent => "children" in node;

type Piece = { start: number; end: number; node: PhrasingContent };

function pieces(text: string, { names, taskHref }: Options): Piece[] {
  const found: Piece[] = names.in(text).map((mention) => mentionPiece(text, mention));
  if (taskHref !== null) {
    for (const task of text.matchAll(TASK)) {
      if (found.length >= MOST) break;
      const start = task.index;
      const end = start + task[0].length;
      if (found.some((one) => start < one.end && end > one.start)) continue;
      const children: Text[] = [{ type: "text", value: task[0] }];
      found.push({ start, end, node: { type: "link", url: taskHref(Number(task[1])), children } });
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

function mentionPiece(text: string, { start, end, userId }: Mention): Piece {
  const children: Text[] = [{ type: "text", value: text.slice(start, end) }];
  const data = { hName: "span", hProperties: { dataMention: userId } };
  return { start, end, node: { type: "emphasis", children, data } as PhrasingContent };
}

function split(node: Text, options: Options): PhrasingContent[] | null {
  const found = pieces(node.value, options);
  if (found.length === 0) return null;
  const out: PhrasingContent[] = [];
  let place = 0;
  for (const { start, end, node: piece } of found) {
    if (start < place) continue;
    if (start > place) out.push({ type: "text", value: node.value.slice(place, start) });
    out.push(piece);
    place = end;
  }
  if (place < node.value.length) out.push({ type: "text", value: node.value.slice(place) });
  return out;
}

// `@ada@example.com`: what follows the first `@` has been taken for an address to write to.
function rejoined(children: RootContent[]): RootContent[] {
  const out: RootContent[] = [];
  for (const child of children) {
    const last = out.at(-1);
    if (last?.type === "text" && last.value.endsWith("@") && isAddress(child)) {
      out[out.length - 1] = { type: "text", value: last.value + child.url.slice("mailto:".length) };
    } else if (last?.type === "text" && child.type === "text") {
      out[out.length - 1] = { type: "text", value: last.value + child.value };
    } else out.push(child);
  }
  return out;
}

const isAddress = (node: RootContent): node is Link =>
  node.type === "link" &&
  node.children.length === 1 &&
  node.children[0]?.type === "text" &&
  node.url === `mailto:${node.children[0].value}`;

/** A plugin for remark. Goes through the tree without recursion: texts may nest deeply. */
export function remarkTidework(options: Options) {
  return (tree: Root): void => {
    const waiting: Parent[] = [tree];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      // A link within a link is none.
      if (node.type === "link" || node.type === "linkReference") continue;
      node.children = rejoined(node.children as RootContent[]).flatMap(
        (child): RootContent[] => (child.type === "text" && split(child, options)) || [child],
      ) as typeof node.children;
      for (const child of node.children) {
        const marked = (child as { data?: { hName?: string } }).data?.hName === "span";
        if (!marked && isParent(child)) waiting.push(child);
      }
    }
  };
}
