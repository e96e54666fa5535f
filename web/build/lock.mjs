/**
 * Completes package-lock.json with the packages that are for other platforms than this one.
 *
 * npm leaves out of the lock what it could not fetch, as behind a mirror that has not everything, and
 * `npm ci` then refuses the lock, everywhere. What is added has no checksum: it is fetched only on a
 * platform of its own. `node build/lock.mjs`; with --check it only says whether the lock is complete.
 */

import { readFileSync, writeFileSync } from "node:fs";

const FILE = new URL("../package-lock.json", import.meta.url);
const SYSTEMS = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const PROCESSORS = [
  "arm64",
  "arm",
  "ia32",
  "loong64",
  "mips64el",
  "ppc64",
  "riscv64",
  "s390x",
  "wasm32",
  "x64",
];

const lock = JSON.parse(readFileSync(FILE, "utf8"));
const packages = lock.packages;
const missing = Object.entries(packages).flatMap(([place, about]) =>
  Object.entries(about.optionalDependencies ?? {})
    .filter(([name]) => !isThere(place, name))
    .map(([name, version]) => [name, version, about]),
);

/** Whether a package finds another one: in its own folder, or in one of those around it. */
function isThere(place, name) {
  const folders = place.split("/node_modules/");
  return [...folders.keys(), folders.length].some(
    (depth) =>
      `${folders.slice(0, depth).join("/node_modules/")}/node_modules/${name}`.replace(/^\//, "") in
      packages,
  );
}

if (missing.length > 0 && process.argv.includes("--check")) {
  process.stderr.write(
    "package-lock.json lacks packages of other platforms. Run: scripts/web.sh lock\n",
  );
  process.exit(1);
}
for (const [name, version, parent] of missing) {
  if (!/^\d+\.\d+\.\d+/.test(version))
    throw new Error(`${name} is wanted as ${version}: which one?`);
  const words = name.split(/[-/]/);
  const os = SYSTEMS.filter((system) => words.includes(system));
  const cpu = PROCESSORS.filter((processor) => words.includes(processor));
  const libc = words.some((word) => word.startsWith("musl")) ? ["musl"] : ["glibc"];
  packages[`node_modules/${name}`] = {
    version,
    ...(cpu.length > 0 && { cpu }),
    ...(parent.dev && { dev: true }),
    ...(os.includes("linux") && { libc }),
    optional: true,
    ...(os.length > 0 && { os }),
  };
}
if (missing.length > 0) {
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
}
