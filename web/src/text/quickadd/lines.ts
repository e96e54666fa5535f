/** A pasted text as tasks, one a line. */

const BULLET = /^(?:[-*+•‣–]\s+)?(?:\[[ xX]?\]\s+)?/u;
const NUMBERED = /^(\d{1,4})[.)]\s+/;

/** The lines that say something, without what a list has before them. */
export function taskLines(text: string): string[] {
  const lines = text
    .split(/\r\n|[\r\n\u2028\u2029]/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  // 24. December is no 24th item: only a list that counts from 1 on is one.
  const counted =
    lines.length > 1 && lines.every((line, at) => NUMBERED.exec(line)?.[1] === `${at + 1}`);
  return lines
    .map((line) => (counted ? line.replace(NUMBERED, "") : line).replace(BULLET, "").trim())
    .filter((line) => line !== "");
}
