/** Brotli and gzip files beside the built ones, made once here and not for every request. */

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const COMPRESSIBLE = /\.(js|mjs|css|svg|json|webmanifest|txt|xml|wasm|ico|map)$/;
/** From this size on; what is smaller fits into one packet anyway. */
const LEAST_BYTES = 1024;

const coders = {
  ".br": (content: Buffer) =>
    promisify(brotliCompress)(content, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
      },
    }),
  ".gz": (content: Buffer) => promisify(gzip)(content, { level: 9 }),
};

/** Compress what gains by it; the server picks by `Accept-Encoding`. */
export async function compressFolder(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true });
  await Promise.all(
    names.filter((name) => COMPRESSIBLE.test(name)).map((name) => compressFile(join(folder, name))),
  );
}

async function compressFile(path: string): Promise<void> {
  const content = await readFile(path);
  if (content.length <= LEAST_BYTES) return;
  await Promise.all(
    Object.entries(coders).map(async ([suffix, code]) => {
      const coded = await code(content);
      if (coded.length < content.length) await writeFile(path + suffix, coded);
    }),
  );
}

/** A Vite plugin that does so when everything is written, the service worker too. Name it last. */
export function compress(): Plugin {
  let folder = "";
  return {
    name: "tidework-compress",
    apply: "build",
    enforce: "post",
    configResolved(config) {
      folder = config.build.outDir;
    },
    closeBundle: {
      sequential: true,
      order: "post",
      handler: () => compressFolder(folder),
    },
  };
}
