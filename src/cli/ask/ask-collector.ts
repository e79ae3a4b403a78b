/** Asks a running collector over its API. Sends nothing but what it is asked with, and reads no more than it has room for. */
import { z } from "zod";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { isClosedToHttp } from "../../core/contract/config/config-parts.ts";
import { fieldsOf } from "../../core/contract/fields.ts";
import { parseJsonBytes } from "../../core/platform/files/parse-json.ts";
import { readBodyBounded } from "../../core/platform/files/read-body.ts";
import { cureCertificate } from "../../core/platform/tls-cures.ts";

/** Where a collector of this machine listens unless its configuration says otherwise. */
export const defaultCollectorUrl = "http://127.0.0.1:8080";

/**
 * What a command that is told to somebody ends with, so that it asks the same collector; empty where that is the usual one.
 * @throws AuroraError USAGE for an address that is none
 */
export function sayCollector(collector: string): string {
  // It ends with a slash, which nobody writes.
  const address = readAddress({ collector, op: "name a collector" }).href.slice(0, -1);
  return address === defaultCollectorUrl ? "" : ` --collector ${address}`;
}

/** Verdicts of some hundred points, or the levels of ten thousand over a hundred days. */
const maxReplyBytes = 64 * 1024 * 1024;

/** What a collector is asked. */
interface CollectorQuestion<T> {
  /** Base address of its page. */
  readonly collector: string;
  /** Below the base, without a slash at its begin: `api/v1/…`. */
  readonly path: string;
  /** What is undefined is not sent. */
  readonly query: Readonly<Record<string, string | undefined>>;
  /** JSON to post; left out: only read. */
  readonly post?: unknown;
  readonly schema: z.ZodType<T>;
  /** Of the error when it refuses. */
  readonly op: string;
  /** What helps where it refuses with a status. */
  readonly hints?: Readonly<Record<number, string>>;
}

/** Which file of a collector. */
type CollectorFile = Pick<CollectorQuestion<unknown>, "collector" | "path" | "op" | "hints">;

/**
 * Asks; resolves with the checked answer.
 * @throws AuroraError USAGE for an address that is none, or a question that the collector finds wrong; COLLECTOR when nothing
 * answers, or not as a collector does
 */
export async function askCollector<T>(question: CollectorQuestion<T>): Promise<T> {
  const base = readAddress(question);
  const url = new URL(question.path, base);
  for (const [name, value] of Object.entries(question.query)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const { post, op, hints } = question;
  const init =
    post === undefined
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(post) };
  const { status, isJson, body } = await fetchJson(url, { op, maxBytes: maxReplyBytes, init });
  // What stands between may refuse in words of its own.
  if (status === 200 && !isJson)
    throw describeSilence(url, op, new SyntaxError("an answer that is not JSON"));
  if (status === (post === undefined ? 200 : 202)) {
    const reply = question.schema.safeParse(body);
    if (reply.success) return reply.data;
    throw refuse(question, `the answer of ${base} is not that of a collector of this version`, {
      hint: "Update the older one of the two: this command, or the collector.",
      cause: reply.error,
    });
  }
  const said = refusalSchema.safeParse(body);
  const isUnknown = status === 405 || (status === 404 && (post === undefined || !said.success));
  if (isUnknown) {
    throw refuse(question, `what answers at ${base} does not know ${url.pathname}`, {
      hint: "Give the address of a collector's page; one of an older version has to be updated first.",
    });
  }
  const words = said.success ? said.data.error.message : `status ${status}`;
  if (status !== 400) {
    const hint = hints?.[status] ?? (said.success ? ownHints : foreignHints)[status];
    throw refuse(question, `the collector at ${base} refuses: ${words}`, { hint, cause: { status } });
  }
  throw new AuroraError("USAGE", `the collector does not understand the question: ${words}`, { op });
}

/**
 * Reads a file; null where there is none.
 * @throws AuroraError USAGE for an address that is none; COLLECTOR when nothing answers, it refuses, or the file is cut off
 */
export async function fetchCollectorFile(file: CollectorFile, maxBytes: number): Promise<Uint8Array | null> {
  const base = readAddress(file);
  const { status, bytes } = await fetchBytes(new URL(file.path, base), { op: file.op, maxBytes });
  if (status === 200) return bytes;
  if (status === 404) return null;
  const said = status >= 400 ? refusalSchema.safeParse(parseJsonBytes(bytes)).data?.error.message : undefined;
  const hint = said === undefined ? undefined : (file.hints?.[status] ?? ownHints[status]);
  throw refuse(file, `the collector at ${base} refuses: ${said ?? `status ${status}`}`, { hint });
}

/** Where a collector refuses, and its message alone is no cure. */
const ownHints: Readonly<Record<number, string>> = {
  421: "Give an address or a name that it has, or have this one listed there.",
};
const login =
  "What stands before it, or another program, asks for a login: give an address where the collector itself answers.";
/** Where not a collector but something in its place refuses. */
const foreignHints: Readonly<Record<number, string>> = { 401: login, 403: login, 407: login };

const refusalSchema = z.object({ error: z.object({ message: z.string().max(2_000) }) });

/** The base address of a collector. @throws AuroraError USAGE for what is none */
export function readAddress({ collector, op }: Pick<CollectorFile, "collector" | "op">): URL {
  const hint = `Give the address of the collector's page, for example --collector ${defaultCollectorUrl}`;
  const wrong = (what: string): AuroraError => new AuroraError("USAGE", what, { op, hint });
  if (!URL.canParse(collector)) throw wrong(`${collector} is not an address`);
  const url = new URL(collector);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw wrong(`${collector} is not an http or https address`);
  // It would stand in the list of processes; a collector asks for none.
  if (url.username !== "" || url.password !== "") throw wrong("the address holds a user name or a password");
  if (isClosedToHttp(Number(url.port)))
    throw new AuroraError("USAGE", `commands and browsers open no page on port ${url.port}`, {
      op,
      subject: url.origin,
      hint: "It is another service's: give the collector's page another port, or reach it through one.",
    });
  url.search = "";
  url.hash = "";
  // A collector behind another server may have a folder of its own there.
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/** How a collector is asked over HTTP. */
interface CollectorFetch {
  /** Of the error where nothing answers. */
  readonly op: string;
  /** An answer of more is refused. */
  readonly maxBytes: number;
  /** Default 20 s. */
  readonly timeoutMs?: number;
  readonly init?: RequestInit;
}

interface Answer {
  readonly status: number;
  readonly isJson: boolean;
  readonly bytes: Uint8Array;
}

/**
 * Asks once, whatever the status of the answer; `body` is null for what does not say that it is JSON.
 * @throws AuroraError COLLECTOR when nothing answers, or with more than `maxBytes`, or with JSON that is none
 */
export async function fetchJson(
  url: URL,
  ask: CollectorFetch,
): Promise<Omit<Answer, "bytes"> & { readonly body: unknown }> {
  const { status, isJson, bytes } = await fetchBytes(url, ask);
  try {
    return { status, isJson, body: isJson ? JSON.parse(new TextDecoder().decode(bytes)) : null };
  } catch (cause) {
    throw describeSilence(url, ask.op, cause);
  }
}

async function fetchBytes(
  url: URL,
  { op, maxBytes, timeoutMs = 20_000, init }: CollectorFetch,
): Promise<Answer> {
  try {
    const response = await fetch(url, {
      ...init,
      headers: { accept: "application/json, */*;q=0.1", ...init?.headers },
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const tooLarge = (): RangeError => new RangeError(`an answer of more than ${maxBytes} bytes`);
    const bytes =
      response.body === null ? new Uint8Array() : await readBodyBounded(response.body, maxBytes, tooLarge);
    const isJson = /\bjson\b/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, isJson, bytes };
  } catch (cause) {
    throw describeSilence(url, op, cause);
  }
}

/** The error COLLECTOR of an address where nothing answers. */
function describeSilence(url: URL, op: string, cause: unknown): AuroraError {
  const code = codeOf(cause);
  const hint =
    silenceHints.find(({ codes }) => codes.test(code))?.hint ??
    cureCertificate(innermost(cause), places) ??
    "Start it with `aurora collector`, or give its address with --collector URL.";
  return new AuroraError("COLLECTOR", `no collector answers at ${url.origin}: ${describeCause(cause)}`, {
    op,
    subject: url.origin,
    hint,
    cause,
  });
}

const places = { authorities: "NODE_EXTRA_CA_CERTS=FILE", address: "--collector" };
const silenceHints: readonly { readonly codes: RegExp; readonly hint: string }[] = [
  { codes: /^ENOTFOUND$/, hint: "Nobody knows a machine of that name: check the address after --collector." },
  {
    codes: /^ERR_SSL_|^EPROTO$/,
    hint: "It does not speak TLS as this command does: check port and protocol, http or https.",
  },
];

/** Of the network: nobody listens yet, there is no way, it takes too long. */
const passingCodes =
  /^(ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|E(HOST|NET)(UNREACH|DOWN)|EAI_AGAIN|UND_ERR_.*)$/;

/**
 * May what was asked with this outcome answer later? A collector that is being started, a line that is down, a proxy that waits for the
 * collector may; a name that nobody knows, a certificate that is not trusted and another program's page stay what they are.
 */
export function mayPass({ cause }: AuroraError): boolean {
  const { status, name } = fieldsOf(cause);
  if (typeof status === "number") return status >= 500 || status === 429;
  return name === "TimeoutError" || passingCodes.test(codeOf(cause));
}

/** The innermost reason that there is: fetch wraps it. */
function innermost(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error;
}

function describeCause(error: unknown): string {
  const inner = innermost(error);
  if (!(inner instanceof Error)) return String(inner);
  return inner.message === "" ? codeOf(inner) : inner.message;
}

/** Its code as the system names it, or nothing. */
function codeOf(error: unknown): string {
  const { code } = fieldsOf(innermost(error));
  return typeof code === "string" ? code : "";
}

function refuse(
  { op, collector }: Pick<CollectorFile, "op" | "collector">,
  message: string,
  { hint, cause }: { readonly hint?: string | undefined; readonly cause?: unknown } = {},
): AuroraError {
  const details = { op, subject: collector, cause };
  return new AuroraError("COLLECTOR", message, hint === undefined ? details : { ...details, hint });
}
