/**
 * Positions: text keys, compared bytewise, with room between any two; as the server makes them
 * (docs/decisions/0008-positions.md).
 */

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE = 62n;
const DEPTH = 10;
const STEP = BASE ** 7n;

const VALUE = new Map([...DIGITS].map((digit, value) => [digit, BigInt(value)]));

/** Compares positions; code units are bytes here. */
export const comparePositions = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A key after `left` and before `right`; null is the beginning or the end. */
export function between(left: string | null, right: string | null): string {
  if (left !== null && right !== null && left >= right) {
    throw new RangeError(`no position between ${left} and ${right}`);
  }
  const low = left ?? "";
  let shared = 0;
  if (right !== null) while (shared < low.length && low[shared] === right[shared]) shared += 1;
  return (
    low.slice(0, shared) + inGap(low.slice(shared), right === null ? null : right.slice(shared))
  );
}

function inGap(left: string, right: string | null): string {
  const theirs = right?.length ?? 0;
  let length = Math.max(left.length, theirs, 1);
  let low = fraction(left, length);
  let high = right === null ? BASE ** BigInt(length) : fraction(right, length);
  while (high - low < 2n) {
    length += DEPTH;
    low *= BASE ** BigInt(DEPTH);
    high *= BASE ** BigInt(DEPTH);
  }
  let middle = (low + high) / 2n;
  // The longer neighbour is the one made last; people go on where they were.
  if (left.length > theirs && low + STEP < middle) middle = low + STEP;
  else if (theirs > left.length && high - STEP > middle) middle = high - STEP;
  if (middle % BASE === 0n && middle + 1n < high) middle += 1n;
  return text(middle, length);
}

function fraction(key: string, length: number): bigint {
  let value = 0n;
  for (const digit of key) value = value * BASE + (VALUE.get(digit) ?? 0n);
  return value * BASE ** BigInt(length - key.length);
}

function text(value: bigint, length: number): string {
  let rest = value;
  let key = "";
  for (let i = 0; i < length; i += 1) {
    key = DIGITS[Number(rest % BASE)] + key;
    rest /= BASE;
  }
  return key.replace(/0+$/, "");
}
