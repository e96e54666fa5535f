import { code, type Edit, link, list, type Selected, surround } from "./edits";

export type Tool = "bold" | "italic" | "link" | "list" | "taskList" | "code";

/** What a tool makes of a selection; `words` stand for a link that has none yet. */
export function edited(tool: Tool, words: string): (selected: Selected) => Edit {
  switch (tool) {
    case "bold":
      return (selected) => surround(selected, "**");
    case "italic":
      return (selected) => surround(selected, "*");
    case "link":
      return (selected) => link(selected, words);
    case "list":
      return (selected) => list(selected, "- ");
    case "taskList":
      return (selected) => list(selected, "- [ ] ");
    case "code":
      return code;
  }
}

/** The tool of a key pressed together with Ctrl or Cmd. */
export const KEYS: Readonly<Record<string, Tool>> = { b: "bold", i: "italic", k: "link" };
