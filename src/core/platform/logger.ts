/** Structured logs on stderr: JSON lines for machines, one plain line each on a terminal. Never on stdout, never with a secret. */
import { type DestinationStream, destination, type Logger as PinoLogger, pino } from "pino";
import { renderIsoTime } from "../contract/iso-time.ts";
import { isJournal, journalLevels } from "./journal-level.ts";
import { printable } from "./printable.ts";
import { isSecretKey, redact, redactedMark, redactText } from "./redact.ts";

const logLevels = ["debug", "info", "warn", "error", "silent"] as const;

type LogLevel = (typeof logLevels)[number];

/** Anything that belongs to a message; secrets are replaced by key name. An error goes under `error`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Says what happened. The message is a constant sentence; what varies goes into the fields. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to everything it says. */
  child(fields: LogFields): Logger;
}

export interface LoggerOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /** Process name in every line, for example `gateway`. */
  readonly name?: string;
  /** `auto` (default): text when stderr is a terminal, JSON otherwise. */
  readonly format?: "auto" | "json" | "text";
  /** Where lines go, each with its newline; default stderr. For tests. */
  readonly write?: (line: string) => void;
}

/** Creates the logger of a process. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const format = options.format ?? "auto";
  const asText = format === "text" || (format === "auto" && process.stderr.isTTY === true);
  const sink: DestinationStream = options.write === undefined ? openStderr() : { write: options.write };
  const stream: DestinationStream = asText ? { write: (line) => sink.write(renderLine(line)) } : sink;
  const base = options.name === undefined ? {} : { name: options.name };
  const root = pino(
    {
      level: options.level ?? "info",
      base: { pid: process.pid, ...base },
      messageKey: "message",
      timestamp: () => `,"time":"${renderIsoTime(Date.now())}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return wrap(root);
}

/** Bytes of lines that wait while stderr takes none. */
const maxWaitingBytes = 65_536;

/** A log on a full disk, or that nobody reads, is no reason to end; what cannot be written waits, and what does not fit is lost. */
function openStderr(): DestinationStream {
  // Synchronous: what was logged before a crash is what one needs after it.
  const stderr = destination({ fd: 2, sync: true, maxLength: maxWaitingBytes });
  stderr.on("error", () => {});
  if (!isJournal()) return stderr;
  return { write: (line) => stderr.write(`${journalLevels[readLevel(line)] ?? ""}${line}`) };
}

/** Lines begin with it. */
const readLevel = (line: string): string => /^\{"level":"(\w+)"/.exec(line)?.[1] ?? "";

export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};

function wrap(inner: PinoLogger): Logger {
  const say = (level: "debug" | "info" | "warn" | "error", message: string, fields?: LogFields): void => {
    if (!inner.isLevelEnabled(level)) return;
    inner[level](fields === undefined ? {} : safeFields(fields), redactText(message));
  };
  return {
    debug: (message, fields) => say("debug", message, fields),
    info: (message, fields) => say("info", message, fields),
    warn: (message, fields) => say("warn", message, fields),
    error: (message, fields) => say("error", message, fields),
    child: (fields) => wrap(inner.child(safeFields(fields))),
  };
}

/** The names of pino's own keys are not a caller's to overwrite. */
const reserved = new Set(["level", "time", "pid", "name", "message"]);

function safeFields(fields: LogFields): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    safe[reserved.has(key) ? `${key}_` : key] = isSecretKey(key) && value ? redactedMark : redact(value);
  }
  return safe;
}

function renderLine(line: string): string {
  const { time, level, message, pid: _pid, name, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 23);
  const fields = Object.entries(rest).map(([key, value]) =>
    typeof value === "string" && /^[^\s"]+$/.test(value)
      ? `${key}=${value}`
      : `${key}=${JSON.stringify(value)}`,
  );
  const who = name === undefined ? "" : `${String(name)}: `;
  return `${printable([clock, String(level).padEnd(5), `${who}${String(message)}`, ...fields].join(" "))}\n`;
}
