/** Where in a text field a character stands, from the field's upper corner at the line's beginning. */

const COPIED = [
  "direction",
  "boxSizing",
  "paddingTop",
  "paddingRight",
  "paddingBottom",
  "paddingLeft",
  "borderTopWidth",
  "borderRightWidth",
  "borderBottomWidth",
  "borderLeftWidth",
  "fontFamily",
  "fontSize",
  "fontWeight",
  "fontStyle",
  "letterSpacing",
  "lineHeight",
  "tabSize",
] as const;
// Only the lines around the caret matter for where it stands in the field's window.
const MOST = 4_000;

export type Place = { block: number; inline: number };

export function caretPlace(field: HTMLTextAreaElement, index: number): Place {
  const copy = document.createElement("div");
  const style = getComputedStyle(field);
  for (const name of COPIED) copy.style[name] = style[name];
  Object.assign(copy.style, {
    position: "absolute",
    visibility: "hidden",
    whiteSpace: "pre-wrap",
    overflowWrap: "break-word",
    borderStyle: "solid",
    insetBlockStart: "0",
    inlineSize: `${field.clientWidth}px`,
  });
  const begin = index > MOST ? field.value.lastIndexOf("\n", index - MOST) + 1 : 0;
  copy.textContent = field.value.slice(begin, index);
  const mark = document.createElement("span");
  mark.textContent = "@";
  copy.append(mark);
  document.body.append(copy);
  const line = Number.parseFloat(style.lineHeight) || 20;
  // Of a very long text only the end is measured; the caret is then near the window's end.
  const block = begin === 0 ? mark.offsetTop - field.scrollTop + line : field.clientHeight;
  const inline =
    style.direction === "rtl"
      ? copy.offsetWidth - mark.offsetLeft - mark.offsetWidth
      : mark.offsetLeft;
  copy.remove();
  return {
    block: Math.min(Math.max(block, line), field.clientHeight),
    inline: Math.max(0, Math.min(inline, field.clientWidth - 240)),
  };
}
