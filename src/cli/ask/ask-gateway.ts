/** Asks a running gateway of this machine: what its status page says, and, as its operator, for raw samples and more. */
import { resolve } from "node:path";
import { z } from "zod";
import {
  AuroraError,
  type ErrorCode,
  errorCodes,
  hasErrorCode,
  systemCodeOf,
} from "../../core/contract/aurora-error.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { gatewayConfigSchema } from "../../core/contract/config/gateway-config-schema.ts";
import { gatewayState } from "../../core/contract/config/state-names.ts";
import {
  type DeviceCaptureReply,
  type DeviceCaptureRequest,
  deviceCaptureReplySchema,
  type GatewayAccess,
  gatewayAccessSchema,
  maxCaptureSamples,
} from "../../core/contract/device/device-capture.ts";
import { fieldsOf } from "../../core/contract/fields.ts";
import { reachedHost, urlHost } from "../../core/contract/url-host.ts";
import { readYamlConfig } from "../../core/platform/daemon/yaml-config.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { readBodyBounded } from "../../core/platform/files/read-body.ts";
import { limitTime } from "../../core/platform/limit-time.ts";

/** Largest status page: 256 devices and 65,536 points have room. */
export const maxStatusBytes: number = 64 * 1024 * 1024;
/** Four characters for three bytes, and what is said of them. */
const maxReplyBytes = Math.ceil((maxCaptureSamples * 2 * 4) / 3) + 16_384;
const maxAccessBytes = 4096;
const statusMs = 2_000;
/** Beyond the five-fold of what was asked for, after which the gateway itself gives up. */
const replyMs = 15_000;

const refusalSchema = z.object({
  error: z.object({
    code: z.custom<ErrorCode>((code) => typeof code === "string" && Object.hasOwn(errorCodes, code)),
    message: z.string(),
    hint: z.string().optional(),
  }),
});

/** Reads the file that `--config` names, or its default. Fails with CONFIG_INVALID. */
export function loadGatewayConfig(path: string): GatewayConfig {
  try {
    return readYamlConfig({ path, schema: gatewayConfigSchema(), environment: process.env }).config;
  } catch (error) {
    // Only of a file that cannot be read there is a cause.
    if (!hasErrorCode(error, "CONFIG_INVALID") || error.cause === undefined) throw error;
    const { code, message, op, cause } = error;
    const hint = "Check the path and that this user may read the file, or name another with --config FILE.";
    throw new AuroraError(code, message, { op, subject: path, hint, cause });
  }
}

/** The configuration in a file that nobody has named, or in one line why it cannot be used. */
export function findGatewayConfig(path: string): GatewayConfig | { readonly problem: string } {
  try {
    return loadGatewayConfig(path);
  } catch (error) {
    if (!hasErrorCode(error, "CONFIG_INVALID")) throw error;
    return { problem: error.message.split("\n", 1).join() };
  }
}

/** Where a gateway of this machine is asked; `missing`: why its port, which the system chose, is not known, or null. */
export interface GatewayAddress {
  readonly url: string;
  readonly missing: {
    /** Nothing says that a gateway runs at all. */
    readonly isNone: boolean;
    readonly message: string;
    readonly hint: string;
  } | null;
}

/** The configured address or, where the port is 0, the one that the gateway's access file names. */
export async function findGatewayAddress(gateway: GatewayConfig["gateway"]): Promise<GatewayAddress> {
  const { httpHost, httpPort, stateDir } = gateway;
  const configured = `http://${urlHost(reachedHost(httpHost))}:${httpPort}`;
  if (httpPort !== 0) return { url: configured, missing: null };
  try {
    return { url: (await readAccess(stateDir)).url, missing: null };
  } catch (error) {
    if (!(error instanceof AuroraError)) throw error;
    const { message, hint, cause } = error;
    const isNone = absences.has(systemCode(cause));
    return { url: configured, missing: { isNone, message, hint } };
  }
}

/** The gateway's status page; null when it does not answer in time, or with anything else. */
export async function askStatus(
  url: string,
  timeoutMs: number = statusMs,
): Promise<Readonly<Record<string, unknown>> | null> {
  try {
    const response = await fetch(`${url}/status`, { signal: AbortSignal.timeout(timeoutMs) });
    const json = await readJson(response, maxStatusBytes);
    return typeof json === "object" && json !== null ? { ...json } : null;
  } catch {
    return null;
  }
}

/** What a gateway is asked as its operator. */
interface GatewayQuestion<T> {
  readonly config: GatewayConfig;
  /** Begins with a slash. */
  readonly path: string;
  /** JSON to post; left out: only read. */
  readonly post?: unknown;
  readonly schema: z.ZodType<T>;
  readonly maxBytes: number;
  /** Left out: 10 s. */
  readonly timeoutMs?: number;
  /** Gives up. */
  readonly signal?: AbortSignal;
  /** Of the error when it refuses. */
  readonly op: string;
  readonly subject: string;
}

/**
 * Asks the gateway of a configuration, with the word of its access file.
 * @throws AuroraError GATEWAY when there is no gateway or it refuses; else what it said.
 */
export async function askOperator<T>(question: GatewayQuestion<T>): Promise<T> {
  const { config, path, post, signal, timeoutMs = 10_000 } = question;
  const { url, token } = await readAccess(config.gateway.stateDir);
  let status: number;
  let body: unknown;
  try {
    const response = await fetch(`${url}${path}`, {
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(post === undefined ? {} : { method: "POST", body: JSON.stringify(post) }),
      redirect: "error",
      signal: signal === undefined ? AbortSignal.timeout(timeoutMs) : limitTime(signal, timeoutMs),
    });
    status = response.status;
    if (status === 404 || status === 405) throw refuseUnknownPath(question, url);
    body = await readJson(response, question.maxBytes);
  } catch (error) {
    if (error instanceof AuroraError) throw error;
    throw describeFailure(url, error, signal?.aborted === true ? "given-up" : "failed");
  }
  if (status !== 200) throw readRefusal(body, question) ?? describeMisfit(url, { status });
  const reply = question.schema.safeParse(body);
  if (reply.success) return reply.data;
  throw describeMisfit(url, reply.error);
}

/** Why no answer was read. */
function describeFailure(url: string, cause: unknown, how: "failed" | "given-up"): AuroraError {
  const tell = (message: string, hint: string): AuroraError =>
    new AuroraError("GATEWAY", message, { op: "ask gateway", subject: url, hint, cause });
  if (how === "given-up")
    return tell(
      `given up: the gateway at ${url} was not waited for any longer`,
      "It ends too what it was asked for.",
    );
  // Neither JSON, nor as little as was asked for.
  if (cause instanceof SyntaxError || cause instanceof RangeError) return describeMisfit(url, cause);
  if (cuts.has(systemCode(cause)))
    return tell(`the gateway at ${url} is busy or does not answer`, "Try again.");
  return tell(`the gateway at ${url} does not answer`, "Start it with `aurora gateway`, or look at its log.");
}

/** It may have been started before its command was updated, or be another program. */
function describeMisfit(url: string, cause: unknown): AuroraError {
  return new AuroraError("GATEWAY", `the answer of ${url} is not that of a gateway of this version`, {
    op: "ask gateway",
    subject: url,
    hint: "Update the older one of the two, this command or the gateway, and restart the gateway.",
    cause,
  });
}

/** A gateway that has been running since before its command was updated. */
function refuseUnknownPath({ path, op }: GatewayQuestion<unknown>, url: string): AuroraError {
  return new AuroraError("GATEWAY", `the gateway at ${url} does not know ${path}`, {
    op,
    subject: url,
    hint: "It may be of an older version than this command: restart it.",
  });
}

interface CaptureRequest extends DeviceCaptureRequest {
  readonly deviceId: string;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/**
 * Raw samples of a device.
 * @throws AuroraError GATEWAY when there is no gateway or it refuses; else what it said (USAGE, DEVICE_*).
 */
export async function askCapture(
  config: GatewayConfig,
  { deviceId, signal, ...request }: CaptureRequest,
): Promise<DeviceCaptureReply> {
  return await askOperator({
    config,
    path: `/devices/${encodeURIComponent(deviceId)}/capture`,
    post: request,
    schema: deviceCaptureReplySchema(),
    maxBytes: maxReplyBytes,
    timeoutMs: 5_000 * request.seconds + replyMs,
    signal,
    op: "capture raw samples",
    subject: deviceId,
  });
}

/** Of a connection that was taken and ended without an answer, as by a gateway whose places are all taken. */
const cuts: ReadonlySet<string | undefined> = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

const absences: ReadonlySet<string | undefined> = new Set(["ENOENT", "ENOTDIR"]);

/** The system's code behind an error of a bounded read; undefined where the file was read. */
function systemCode(error: unknown): string | undefined {
  return systemCodeOf(fieldsOf(error).cause);
}

async function readAccess(stateDir: string): Promise<GatewayAccess> {
  // A relative folder is one below whoever calls: seen in full, a wrong one shows.
  const path = resolve(stateDir, gatewayState.access);
  try {
    const bytes = await readFileBounded(path, maxAccessBytes, { missing: "GATEWAY", op: "read" });
    return gatewayAccessSchema().parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    const { message, hint } = describeUnread(path, systemCode(cause));
    throw new AuroraError("GATEWAY", message, { op: "ask gateway", subject: path, hint, cause });
  }
}

/** Why an access file could not be used; `code` is the system's, undefined where it was read. */
function describeUnread(
  path: string,
  code: string | undefined,
): { readonly message: string; readonly hint: string } {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return {
        message: `no gateway runs with this configuration, or its state folder's disk is full or read-only: there is no ${path}`,
        hint: "Start it with `aurora gateway --config FILE`, or see its log; a relative gateway.stateDir is below the folder that it was started in.",
      };
    case "EACCES":
    case "EPERM":
      return {
        message: `this user may not ask the gateway: ${path} cannot be read`,
        hint: "Call it as the gateway's user.",
      };
    default:
      return {
        message: `${path} is not what a running gateway writes`,
        hint: "Restart the gateway: it is then written anew, unless its state folder's disk is full or read-only: see its log.",
      };
  }
}

async function readJson(response: Response, maxBytes: number): Promise<unknown> {
  if (response.body === null) throw new SyntaxError("an answer without a body");
  const bytes = await readBodyBounded(
    response.body,
    maxBytes,
    () => new RangeError(`an answer of more than ${maxBytes} bytes`),
  );
  return JSON.parse(bytes.toString("utf8"));
}

/** What a gateway says when it refuses; undefined when it says something else. */
function readRefusal(
  body: unknown,
  { op, subject }: Pick<GatewayQuestion<unknown>, "op" | "subject">,
): AuroraError | undefined {
  const refusal = refusalSchema.safeParse(body);
  if (!refusal.success) return undefined;
  const { code, message, hint } = refusal.data.error;
  return new AuroraError(code, message, { op, subject, ...(hint === undefined ? {} : { hint }) });
}
