import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { formatOf, headOf, mediaTypeOf } from "./fileKind";

describe("the format of a file", () => {
  it("is told by its name, packed or not", () => {
    expect(formatOf("a.CSV", "x")).toBe("csv");
    expect(formatOf("issues.ndjson.xz", "")).toBe("jira");
    expect(formatOf("tasks.csv.gz", "")).toBe("csv");
  });

  it("is told by its beginning: an export of ours is not taken for Jira's", () => {
    expect(formatOf("a.json", '{"format":"tidework","version":1')).toBe("json");
    expect(formatOf("a.json", '{"issues": [')).toBe("jira");
    expect(formatOf("noname", ' [{"key": "A-1"')).toBe("jira");
  });

  it("is not guessed", () => {
    expect(formatOf("a.json.xz", "")).toBeNull();
    expect(formatOf("photo.jpg", "\u00ff")).toBeNull();
  });
});

describe("the beginning of a file", () => {
  it("is unpacked", async () => {
    const packed = gzipSync('{"format": "tidework"}');
    expect(formatOf("a.json.gz", await headOf(new File([packed], "a.json.gz")))).toBe("json");
  });

  it("is nothing where it cannot be unpacked", async () => {
    expect(await headOf(new File(["no gzip"], "a.json.gz"))).toBe("");
    expect(await headOf(new File(["?"], "a.json.xz"))).toBe("");
  });
});

it("names the media type that the server takes", () => {
  const types = ["a.csv", "a.csv.xz", "a.json.gz", "a.ndjson", "a.json", "a.bz2", "a"].map(
    mediaTypeOf,
  );
  expect(types).toEqual([
    "text/csv",
    "application/x-xz",
    "application/gzip",
    "application/x-ndjson",
    "application/json",
    "application/octet-stream",
    "application/octet-stream",
  ]);
});
