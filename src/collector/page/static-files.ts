/** The few files that the page needs, read once at the start. Serves nothing by path from the disk. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { sha256Hex } from "../../core/platform/files/sha256.ts";

/** A file under `/static/`. */
export interface StaticFile {
  readonly path: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly etag: string;
}

/** A rotor of three blades. */
const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><g fill="none" stroke="#3a7ca8" stroke-width="2" stroke-linecap="round"><circle cx="12" cy="11" r="2"/><path d="M12 9V1.5M13.7 12l6.5 3.8M10.3 12l-6.5 3.8M12 13.5V23"/></g></svg>';

export function loadStaticFiles(): StaticFile[] {
  const resolve = createRequire(import.meta.url).resolve;
  const script = "text/javascript; charset=utf-8";
  const style = "text/css; charset=utf-8";
  return [
    readStatic("/static/page.css", style, join(import.meta.dirname, "page.css")),
    readStatic("/static/drift.css", style, join(import.meta.dirname, "drift.css")),
    readStatic("/static/page.client.js", script, join(import.meta.dirname, "page.client.js")),
    readStatic("/static/chart.client.js", script, join(import.meta.dirname, "chart.client.js")),
    readStatic("/static/chart-axes.client.js", script, join(import.meta.dirname, "chart-axes.client.js")),
    readStatic("/static/uplot.js", script, resolve("uplot/dist/uPlot.esm.js")),
    readStatic("/static/uplot.css", style, resolve("uplot/dist/uPlot.min.css")),
    createStatic("/static/icon.svg", "image/svg+xml", Buffer.from(icon)),
  ];
}

function readStatic(path: string, contentType: string, file: string): StaticFile {
  return createStatic(path, contentType, readFileSync(file));
}

function createStatic(path: string, contentType: string, bytes: Buffer): StaticFile {
  const etag = `"${sha256Hex(bytes).slice(0, 32)}"`;
  return { path, contentType, bytes, etag };
}
