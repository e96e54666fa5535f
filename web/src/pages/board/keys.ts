import type { Step } from "./moves";

/** Where a key leads on a board; what is before another column is on its right in right-to-left. */
export function stepOfKey(key: string, dir: "ltr" | "rtl"): Step | undefined {
  switch (key) {
    case "ArrowUp":
      return "up";
    case "ArrowDown":
      return "down";
    case "ArrowLeft":
      return dir === "rtl" ? "after" : "before";
    case "ArrowRight":
      return dir === "rtl" ? "before" : "after";
    case "Home":
      return "first";
    case "End":
      return "last";
    default:
      return undefined;
  }
}
