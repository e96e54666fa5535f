import { colourOf, type Pattern, type Tone } from "./series";

type Props = { id: string; tone: Tone; pattern: Pattern };

const MARKS: Record<Pattern, string> = {
  plain: "",
  stripes: "M-1,1 l2,-2 M0,8 l8,-8 M7,9 l2,-2",
  dots: "M2,2 h2 v2 h-2 z M6,6 h2 v2 h-2 z",
  cross: "M0,0 l8,8 M8,0 l-8,8",
};

/** A fill for what is drawn: a tint of its tone, with marks in the tone itself. */
export function Patterned({ id, tone, pattern }: Props) {
  const colour = colourOf(tone);
  return (
    <pattern id={id} width={8} height={8} patternUnits="userSpaceOnUse">
      <rect width={8} height={8} fill={colour} fillOpacity={pattern === "plain" ? 0.75 : 0.18} />
      <path
        d={MARKS[pattern]}
        stroke={colour}
        strokeWidth={1.4}
        fill={pattern === "dots" ? colour : "none"}
      />
    </pattern>
  );
}
