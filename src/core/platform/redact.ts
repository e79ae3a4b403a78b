/** Takes secrets out of anything that is about to be logged or published. Looks at key names and at URLs; it cannot know a secret by its value. */
import { AuroraError } from "../contract/aurora-error.ts";
import { renderIsoTime } from "../contract/iso-time.ts";

/** What stands where a secret stood. */
export const redactedMark = "[redacted]";

const secretKey =
  /pass(word|wd|phrase|code)|secret|token|credential|authorization|cookie|^pwd$|^key$|(private|api|access|signing|client|tls)[-_]?key|^(pem|pin)$/i;
/**
 * `scheme://user:password@host`: the user may stay, the password may not. It ends at the last @, as for the URL parser. Of a scheme's
 * letters the last are enough: without a bound the time that a text takes would grow with the square of its length.
 */
const urlPassword = /([a-z][a-z0-9+.-]{0,31}:\/\/[^\s:/@]*):[^\s/]+@/gi;

const depthLimit = 6;
const itemLimit = 100;
const textLimit = 4_000;

/** Does a key of this name hold a secret? `tokenCount`-like false alarms are the price of missing none. */
export function isSecretKey(name: string): boolean {
  return secretKey.test(name);
}

/**
 * A copy of `value` that is safe to print: secrets replaced, errors as plain objects, bytes as their length, and
 * bounded in depth, items and text so that a hostile message cannot flood a log.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return depth >= depthLimit ? value.name : describeError(value, depth);
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? "invalid date" : renderIsoTime(value.getTime());
  if (depth >= depthLimit) return "…";
  if (Array.isArray(value)) {
    const items = value.slice(0, itemLimit).map((item) => redact(item, depth + 1));
    if (value.length > itemLimit) items.push(`… ${value.length - itemLimit} more`);
    return items;
  }
  const entries = value instanceof Map ? [...value.entries()] : Object.entries(value);
  const copy: Record<string, unknown> = {};
  for (const [name, item] of entries.slice(0, itemLimit)) {
    const key = String(name);
    // A null or empty secret says that none was given, which is worth knowing.
    const shown = isSecretKey(key) && item !== null && item !== undefined && item !== "";
    Object.defineProperty(copy, key, {
      value: shown ? redactedMark : redact(item, depth + 1),
      enumerable: true,
      configurable: true,
    });
  }
  return copy;
}

/** Takes the passwords out of URLs in a text and bounds its length. */
export function redactText(text: string): string {
  const bounded = text.length > textLimit ? `${text.slice(0, textLimit)}… (${text.length} characters)` : text;
  return redactPasswords(bounded);
}

/** Takes the passwords out of URLs in a text of any length. */
export function redactPasswords(text: string): string {
  return text.replace(urlPassword, `$1:${redactedMark}@`);
}

function describeError(error: Error, depth: number): Record<string, unknown> {
  const described: Record<string, unknown> = { type: error.name, message: redactText(error.message) };
  if (error instanceof AuroraError) {
    described.code = error.code;
    described.op = error.op;
    if (error.subject !== undefined) described.subject = redactText(error.subject);
    described.hint = redactText(error.hint);
  } else {
    // Any other error is a bug: its stack is what mends it.
    const code: unknown = (error as { code?: unknown }).code;
    if (typeof code === "string" || typeof code === "number") described.code = code;
    if (error.stack !== undefined) described.stack = redactText(error.stack);
  }
  if (error.cause !== undefined) described.cause = redact(error.cause, depth + 1);
  return described;
}
