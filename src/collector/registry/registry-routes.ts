/** Serves the repository over HTTP: GET with ETag, and Range for the tars. Plain data; the server mounts it. */
import { createReadStream } from "node:fs";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import type { HttpRequest, HttpResponse, HttpRoute } from "../api/http-route.ts";
import { metadataFilePattern } from "./metadata-folder.ts";
import type { Registry } from "./registry.ts";

/** A route that reads no more of a request than this. */
interface RegistryRoute extends HttpRoute {
  handle(request: Pick<HttpRequest, "params" | "headers">): Promise<HttpResponse>;
}

const targetFilePattern = /^[0-9a-f]{64}\.[0-9A-Za-z.-]{1,64}\.tar$/;
const neverChanges = "public, max-age=31536000, immutable";

/** The routes under `/tuf/`. */
export function registryRoutes(registry: Registry): readonly RegistryRoute[] {
  return [
    {
      method: "GET",
      path: "/tuf/metadata/:file",
      anyHost: "answer",
      async handle({ params, headers }) {
        const file = params.file ?? "";
        const bytes = metadataFilePattern.test(file) ? await registry.readMetadata(file) : null;
        if (bytes === null) return notFound;
        const etag = `"${sha256Hex(bytes)}"`;
        const caching = { etag, "cache-control": file === "timestamp.json" ? "no-cache" : neverChanges };
        if (matches(headers["if-none-match"], etag)) return { status: 304, headers: caching, body: "" };
        return {
          status: 200,
          headers: { ...caching, "content-type": "application/json", "content-length": String(bytes.length) },
          body: bytes,
        };
      },
    },
    {
      method: "GET",
      path: "/tuf/targets/:name/:file",
      anyHost: "answer",
      async handle({ params, headers }) {
        const file = params.file ?? "";
        if (!targetFilePattern.test(file)) return notFound;
        const find = () => registry.findTarget(params.name ?? "", file);
        // Another process may have published it.
        if (find() === null) await registry.sync();
        const target = find();
        if (target === null) return notFound;
        return serveTarget(target, headers);
      },
    },
  ];
}

const notFound: HttpResponse = {
  status: 404,
  headers: { "content-type": "application/json", "cache-control": "no-cache" },
  body: '{"error":"not found"}',
};

function serveTarget(
  target: { path: string; sizeBytes: number; sha256: string },
  headers: HttpRequest["headers"],
): HttpResponse {
  const etag = `"${target.sha256}"`;
  const common = { etag, "cache-control": neverChanges, "accept-ranges": "bytes" };
  if (matches(headers["if-none-match"], etag)) return { status: 304, headers: common, body: "" };
  const condition = headers["if-range"];
  const range =
    condition === undefined || condition === etag ? parseRange(headers.range, target.sizeBytes) : null;
  if (range === "unsatisfiable") {
    return { status: 416, headers: { ...common, "content-range": `bytes */${target.sizeBytes}` }, body: "" };
  }
  const start = range?.start ?? 0;
  const end = range?.end ?? target.sizeBytes - 1;
  return {
    status: range === null ? 200 : 206,
    headers: {
      ...common,
      "content-type": "application/x-tar",
      "content-length": String(end - start + 1),
      ...(range === null ? {} : { "content-range": `bytes ${start}-${end}/${target.sizeBytes}` }),
    },
    body: createReadStream(target.path, { start, end }),
  };
}

/**
 * One byte range (RFC 9110 §14.1.2), inclusive. Null: none was asked for, or in a form that a server may ignore
 * (several ranges, another unit), so that the whole is sent.
 */
export function parseRange(
  header: string | readonly string[] | undefined,
  sizeBytes: number,
): { readonly start: number; readonly end: number } | "unsatisfiable" | null {
  const match = typeof header === "string" ? /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim()) : null;
  if (match === null) return null;
  const [first, last] = [match[1] ?? "", match[2] ?? ""];
  if (first === "" && last === "") return null;
  if (first === "") {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? "unsatisfiable" : { start: sizeBytes - length, end: sizeBytes - 1 };
  }
  const start = Number(first);
  const end = last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (last !== "" && Number(last) < start) return null;
  return start >= sizeBytes ? "unsatisfiable" : { start, end };
}

function matches(header: string | readonly string[] | undefined, etag: string): boolean {
  if (typeof header !== "string") return false;
  return header
    .split(",")
    .some((one) => one.trim() === etag || one.trim() === `W/${etag}` || one.trim() === "*");
}
