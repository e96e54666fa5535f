import { expect, it } from "vitest";
import { inBytes } from "./bytes";

it("says a size in the unit that fits it", () => {
  expect(inBytes(0, "en")).toBe("0 bytes");
  expect(inBytes(999, "en")).toBe("999 bytes");
  expect(inBytes(1_000, "en")).toBe("1 kB");
  expect(inBytes(1_234_567, "de")).toBe("1,2 MB");
  expect(inBytes(52_428_800, "en")).toBe("52 MB");
  expect(inBytes(8e15, "en")).toBe("8,000 TB");
});
