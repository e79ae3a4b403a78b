/**
 * The few files that the page needs, read once at the start. Serves nothing by path from the disk. Their folder is named
 * by what they hold, so that a browser keeps them for ever and asks for other ones after an update.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { sha256Hex } from "../../core/platform/files/sha256.ts";

/** A file under {@link staticFolder}. */
export interface StaticFile {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** A rotor of three blades. */
const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><g fill="none" stroke="#3a7ca8" stroke-width="2" stroke-linecap="round"><circle cx="12" cy="11" r="2"/><path d="M12 9V1.5M13.7 12l6.5 3.8M10.3 12l-6.5 3.8M12 13.5V23"/></g></svg>';

const scripts: readonly string[] = [
  "page.client.js",
  "live-parts.client.js",
  "chart.client.js",
  "chart-plot.client.js",
  "chart-axes.client.js",
];

/** All of them. */
export const staticFiles: readonly StaticFile[] = readStaticFiles();

/** Where they are served, from `/` on. */
export const staticFolder: string = `/static/${sha256Hex(Buffer.concat(staticFiles.map(({ bytes }) => bytes))).slice(0, 32)}`;

function readStaticFiles(): StaticFile[] {
  const resolve = createRequire(import.meta.url).resolve;
  const script = "text/javascript; charset=utf-8";
  const style = "text/css; charset=utf-8";
  return [
    readStatic("page.css", style, join(import.meta.dirname, "page.css")),
    readStatic("drift.css", style, join(import.meta.dirname, "drift.css")),
    ...scripts.map((name) => readStatic(name, script, join(import.meta.dirname, name))),
    readStatic("uplot.js", script, resolve("uplot/dist/uPlot.esm.js")),
    readStatic("uplot.css", style, resolve("uplot/dist/uPlot.min.css")),
    { name: "icon.svg", contentType: "image/svg+xml", bytes: Buffer.from(icon) },
  ];
}

function readStatic(name: string, contentType: string, file: string): StaticFile {
  return { name, contentType, bytes: readFileSync(file) };
}
