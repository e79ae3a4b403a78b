/**
 * The gateway's own small HTTP server, on loopback by default: finds the route, who asks and a bounded body, and sends
 * the value that the route returns. Pages may be read by everybody who reaches the server. Orders are for whoever may
 * read the state folder: a file in it, written anew at each start where the disk takes it, holds the address and a token
 * that nobody can guess.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { z } from "zod";
import { AuroraError, type ErrorCode } from "../../core/contract/aurora-error.ts";
import { sayIssue } from "../../core/contract/config/describe-issue.ts";
import { gatewayState } from "../../core/contract/config/state-names.ts";
import { renderHttpDate } from "../../core/contract/iso-time.ts";
import { idPattern } from "../../core/contract/topics.ts";
import { urlHost } from "../../core/contract/url-host.ts";
import type { Clock } from "../../core/platform/clock.ts";
import { parseJsonText } from "../../core/platform/files/parse-json.ts";
import { readBodyBounded } from "../../core/platform/files/read-body.ts";
import { boundHttpConnections } from "../../core/platform/http-places.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { isLoopbackAddress } from "../../core/platform/loopback-host.ts";
import { createHostCheck } from "../../core/platform/served-host.ts";
import { type AccessFile, keepAccessFile } from "./access-file.ts";
import { isPortTaken, listenOn, type PortWait, waitForPort } from "./wait-for-port.ts";

/** Who asks: somebody elsewhere, on this machine, or on this machine with the token of the access file. */
type GatewayActor = "remote" | "local" | "operator";

/** A request, as a route sees it. */
export interface GatewayRequest {
  /** HEAD is asked as GET. */
  readonly method: "GET" | "POST";
  readonly path: string;
  /** At most 4 KiB, and empty unless an operator posts: nobody else's is read. */
  readonly body: string;
  readonly actor: GatewayActor;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

interface GatewayResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** One address. */
export interface GatewayRoute {
  readonly method: "GET" | "POST";
  /** One path or, with a slash at its end, all below it. */
  readonly path: string;
  /** For everybody, by whatever name it is asked: of probes. */
  readonly anyHost?: true;
  /** What it throws as AuroraError is answered with its code, message and hint; anything else is a bug, and logged. */
  answer(request: GatewayRequest): GatewayResponse | Promise<GatewayResponse>;
}

interface GatewayHttpOptions {
  readonly host: string;
  /** By which it is asked, besides addresses and this machine's own name. */
  readonly names: readonly string[];
  /** 0: any that is free. */
  readonly port: number;
  /** Where the access file stands while the server listens. */
  readonly stateDir: string;
  readonly routes: readonly GatewayRoute[];
  /** An operator's order has been carried out, and is answered next: what it told must outlive a kill by then. */
  readonly onOrdered?: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How a port that another program has is waited for; default 1 s to 1 min. */
  readonly retry?: { readonly firstMs: number; readonly maxMs: number };
}

export interface GatewayHttp {
  /** Where it listens, or will. */
  readonly url: string;
  close(): Promise<void>;
}

const maxBodyBytes = 4096;

const statusOf: Partial<Record<ErrorCode, number>> = {
  USAGE: 400,
  GATEWAY: 403,
  DEVICE_BUSY: 409,
  DEVICE_UNREACHABLE: 503,
  DEVICE_CAPTURE: 504,
};

/**
 * Starts to listen.
 * A port that another program has is waited for, as is a full disk: turbines are watched meanwhile.
 * @throws AuroraError CONFIG_INVALID when the address cannot be listened on, STORE when there may be no access file
 */
export async function startGatewayHttp(options: GatewayHttpOptions): Promise<GatewayHttp> {
  const { host, port } = options;
  const { refuse: refuseHost } = createHostCheck(
    { host, names: options.names, key: "gateway.httpNames" },
    options.logger,
  );
  const server = createServer(
    { requestTimeout: 5000, headersTimeout: 5000, maxHeaderSize: 8192 },
    (request, response) =>
      void serve(request, response, { ...options, token: access?.token ?? null, refuseHost }),
  );
  // Whoever holds more connections than this open must not use up what the broker and the devices need.
  boundHttpConnections(server, 128);
  let url = `http://${urlHost(host)}:${port}`;
  let access: AccessFile | null = null;
  const open = async (): Promise<void> => {
    await listenOn(server, host, port);
    const address = server.address() as AddressInfo;
    url = `http://${urlHost(address.address)}:${address.port}`;
    const path = join(options.stateDir, gatewayState.access);
    const token = randomBytes(32).toString("base64url");
    access = await keepAccessFile({ path, access: { url, token }, logger: options.logger });
  };
  let waiting: PortWait | null = null;
  const close = async (): Promise<void> => {
    try {
      await waiting?.close();
      await access?.close();
    } finally {
      // Whatever the disk says: a server that goes on listening would keep the process alive.
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    }
  };
  try {
    await open();
  } catch (error) {
    if (!isPortTaken(error)) {
      await close();
      throw error;
    }
    waiting = waitForPort(open, error, options);
  }
  return {
    get url() {
      return url;
    },
    close,
  };
}

export function answerJson(body: unknown, status = 200): GatewayResponse {
  return { status, contentType: "application/json", body: `${JSON.stringify(body)}\n` };
}

export function answerText(text: string, status = 200): GatewayResponse {
  return { status, contentType: "text/plain", body: `${text}\n` };
}

/** Of a route that is for whoever may read the state folder. @throws AuroraError GATEWAY for anybody else. */
export function expectOperator(actor: GatewayActor): void {
  if (actor === "remote") throw refuseRequest("GATEWAY", "a gateway takes orders from its own machine only");
  if (actor === "operator") return;
  const doubt = "or its state folder's disk is full or read-only: see its log";
  throw refuseRequest("GATEWAY", `the gateway does not know this caller, ${doubt}`);
}

/** What a JSON body asks for. @throws AuroraError USAGE, beginning with `refusal`, for what `schema` does not take. */
export function readOrder<T>(body: string, schema: z.ZodType<T>, refusal: string): T {
  const asked = parseJsonText(body);
  const order = schema.safeParse(asked);
  if (order.success) return order.data;
  throw refuseRequest("USAGE", `${refusal}: ${sayIssue(order.error.issues[0], asked)}`);
}

export function refuseRequest(code: ErrorCode, message: string): AuroraError {
  return new AuroraError(code, message, { op: "ask gateway" });
}

type ServeOptions = GatewayHttpOptions & {
  /** Null until the access file with this start's token is written: whoever brings a token may still have an earlier one. */
  readonly token: string | null;
  readonly refuseHost: ReturnType<typeof createHostCheck>["refuse"];
};

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServeOptions,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (isRead) request.resume();
  const { headers = {}, ...answer } = await findAnswer(request, options, gone.signal);
  if (response.destroyed) return;
  response.writeHead(answer.status, {
    date: renderHttpDate(options.clock.nowMs()),
    "content-type": answer.contentType,
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    // The rest of a body that is refused is not waited for.
    ...(isRead || answer.status === 200 ? {} : { connection: "close" }),
    ...headers,
  });
  response.end(request.method === "HEAD" ? undefined : answer.body);
}

type Answer = GatewayResponse & { readonly headers?: Readonly<Record<string, string>> };

async function findAnswer(
  request: IncomingMessage,
  { refuseHost, routes, onOrdered, token, logger }: ServeOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const { url = "" } = request;
  const [path = ""] = url.split("?", 1);
  const method = request.method === "HEAD" ? "GET" : request.method;
  const found = routes.filter((route) =>
    route.path.endsWith("/") ? path.startsWith(route.path) : path === route.path,
  );
  const route = found.find((each) => each.method === method);
  const misdirected = route?.anyHost ? null : refuseHost(request.headersDistinct.host);
  if (misdirected !== null) return answerText(misdirected, 421);
  if (route === undefined) {
    if (found.length === 0 && method === "GET") {
      const pages = routes.filter((each) => each.method === "GET").map((each) => each.path);
      return answerText(`no such page; there are ${pages.join(", ")}`, 404);
    }
    const allowed = found.some((each) => each.method === "POST") ? "POST" : "GET, HEAD";
    return { ...answerText(`${allowed} only`, 405), headers: { allow: allowed } };
  }
  if (token === null && request.headers.authorization !== undefined) {
    const starting = { code: "GATEWAY", message: "the gateway is starting", hint: "Ask again in a moment." };
    return { ...answerJson({ error: starting }, 503), headers: { "retry-after": "1" } };
  }
  try {
    const actor = findActor(request, token);
    const isPosted = route.method === "POST" && actor === "operator";
    const body = isPosted ? await readPosted(request) : "";
    const answer = await route.answer({ method: route.method, path, body, actor, signal });
    if (isPosted) onOrdered?.();
    return answer;
  } catch (error) {
    if (error instanceof AuroraError) {
      const { code, message, hint } = error;
      return answerJson({ error: { code, message, hint } }, statusOf[code] ?? 500);
    }
    // Who went away in the middle of a body is no failure.
    if (!request.readableAborted) logger.error("a request failed", { path: route.path, error });
    const failure = { code: "GATEWAY", message: "this failed", hint: "See the gateway's log." };
    return answerJson({ error: failure }, 500);
  }
}

/** The ids that stand in a path where a pattern such as `/alarms/:/:/:` has a colon; null: the path is of another form. */
export function matchPlace(path: string, pattern: string): readonly string[] | null {
  const asked = path.split("/");
  const parts = pattern.split("/");
  const isPlace =
    asked.length === parts.length &&
    asked.every((text, at) => (parts[at] === ":" ? idPattern.test(text) : text === parts[at]));
  return isPlace ? asked.filter((_, at) => parts[at] === ":") : null;
}

function findActor({ socket, headers }: IncomingMessage, token: string | null): GatewayActor {
  const { remoteAddress, localAddress } = socket;
  if (!isLoopbackAddress(remoteAddress) && remoteAddress !== localAddress) return "remote";
  if (token === null) return "local";
  const expected = Buffer.from(`Bearer ${token}`);
  const given = Buffer.from(headers.authorization ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected) ? "operator" : "local";
}

async function readPosted(request: IncomingMessage): Promise<string> {
  const body = await readBodyBounded(
    request,
    maxBodyBytes,
    () =>
      new AuroraError("USAGE", `a request has at most ${maxBodyBytes} bytes`, {
        op: "ask gateway",
        hint: "Send less in the body: an order is a JSON object of a few hundred characters.",
      }),
  );
  return body.toString("utf8");
}
