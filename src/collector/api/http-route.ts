/** What a route is: a method, a path, and a handler from a request to a response, both plain values. Knows no server. */
import type { Readable } from "node:stream";

/** The methods that a route may have; HEAD is answered as GET without its body. */
export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What a handler is given. */
export interface HttpRequest {
  readonly method: HttpMethod;
  /** Without the query. */
  readonly path: string;
  /** Of the route's `:parameters`. */
  readonly params: Readonly<Record<string, string>>;
  /** Not validated. */
  readonly query: unknown;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Parsed JSON of at most {@link maxBodyBytes}, not validated; null without a body. Bytes where the route takes these. */
  readonly body: unknown;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable | Uint8Array | string | null;
}

export interface HttpRoute {
  readonly method: HttpMethod;
  /** Path with `:parameters`. */
  readonly path: string;
  handle(request: HttpRequest): Promise<HttpResponse>;
  /** For everybody, by whatever name it is asked: what is signed as it is, of a probe the status alone. */
  readonly anyHost?: "answer" | "status";
  /** Takes a body of bytes (`application/octet-stream`) instead of JSON. */
  readonly bytes?: RouteBytes;
}

/** How a route takes bytes. */
export interface RouteBytes {
  /** A longer body is refused (413). */
  readonly maxBytes: number;
  /** May this request send them? A response: no, with that, and its body is not read. */
  admit(request: Pick<HttpRequest, "params" | "query">): Promise<HttpResponse | null>;
}

/** A larger body is refused (413) before a handler is asked. */
export const maxBodyBytes = 16_384;

/** Answers with JSON that no cache keeps. */
export function jsonResponse(value: unknown, status = 200): HttpResponse {
  const headers = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };
  return { status, headers, body: JSON.stringify(value) };
}

/** Answers with an error as the API states them. */
export function errorResponse(status: number, code: string, message: string): HttpResponse {
  return jsonResponse({ error: { code, message } }, status);
}
