/** Answers compressed for whoever takes that: numbers and pages become a tenth. Leaves streams and what is short as they are. */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { HttpRequest, HttpResponse } from "./http-route.ts";

const compress = promisify(gzip);
/** What fits into a packet with its headers gains nothing. */
const minLength = 1_000;

/** Does whoever asks take gzip? Nothing else is offered. */
export function acceptsGzip({ headers }: Pick<HttpRequest, "headers">): boolean {
  return String(headers["accept-encoding"] ?? "")
    .split(",")
    .some((part) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$)[\d.]+\s*)?$/i.test(part));
}

/** The same answer, compressed if that is asked for and pays. */
export async function compressResponse(
  request: Pick<HttpRequest, "headers">,
  response: HttpResponse,
): Promise<HttpResponse> {
  const { headers, body } = response;
  if (!(typeof body === "string" || body instanceof Uint8Array) || body.length < minLength) return response;
  const varied = { ...headers, vary: "accept-encoding" };
  if (!acceptsGzip(request)) return { ...response, headers: varied };
  const bytes = await compress(body, { level: 4 });
  return { ...response, headers: { ...varied, "content-encoding": "gzip" }, body: bytes };
}
