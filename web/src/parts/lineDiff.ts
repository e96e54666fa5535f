/** Two texts line by line. */

export type Line = { kind: "same" | "mine" | "theirs"; text: string };

// A table of this many cells is built in some milliseconds; what is larger is told as a whole.
const MOST_CELLS = 1_000_000;

/** The lines of both, in order; those that only one of them has say so. */
export function lineDiff(theirs: string, mine: string): Line[] {
  const a = theirs.split("\n");
  const b = mine.split("\n");
  let begin = 0;
  while (begin < a.length && begin < b.length && a[begin] === b[begin]) begin++;
  let end = 0;
  while (end < a.length - begin && end < b.length - begin && a.at(-1 - end) === b.at(-1 - end))
    end++;
  const same = (lines: string[]) => lines.map((text): Line => ({ kind: "same", text }));
  return [
    ...same(a.slice(0, begin)),
    ...between(a.slice(begin, a.length - end), b.slice(begin, b.length - end)),
    ...same(end > 0 ? a.slice(-end) : []),
  ];
}

function between(a: readonly string[], b: readonly string[]): Line[] {
  const only = (kind: Line["kind"], lines: readonly string[]) =>
    lines.map((text): Line => ({ kind, text }));
  const width = b.length + 1;
  if ((a.length + 1) * width > MOST_CELLS) return [...only("theirs", a), ...only("mine", b)];
  // How long the longest common subsequence of what follows is.
  const common = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] =
        a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const out: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      out.push({ kind: "same", text: a[i] ?? "" });
      i++;
      j++;
    } else if (at(i + 1, j) >= at(i, j + 1)) out.push({ kind: "theirs", text: a[i++] ?? "" });
    else out.push({ kind: "mine", text: b[j++] ?? "" });
  }
  return [...out, ...only("theirs", a.slice(i)), ...only("mine", b.slice(j))];
}

export type Shown = Line | { kind: "skipped"; count: number };

/** The lines around what differs; `around` of those that are alike stay on each side. */
export function shortened(lines: readonly Line[], around = 2): Shown[] {
  const near = new Set<number>();
  lines.forEach((line, index) => {
    if (line.kind === "same") return;
    for (let i = index - around; i <= index + around; i++) near.add(i);
  });
  const out: Shown[] = [];
  lines.forEach((line, index) => {
    const last = out.at(-1);
    if (near.has(index)) out.push(line);
    else if (last?.kind === "skipped") last.count++;
    else out.push({ kind: "skipped", count: 1 });
  });
  return out;
}
