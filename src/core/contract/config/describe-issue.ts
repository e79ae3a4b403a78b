/** Says in plain words what a schema refuses of what somebody wrote, and what was probably meant. */
import type { z } from "zod";
import { type ConfigFinding, findNearest } from "./config-finding.ts";

/**
 * The problem of one issue, of which the file says `value` (undefined: nothing, a mapping or a list).
 * @param written the value as it stands there, where that differs: YAML reads 007 as 7
 */
export function describeIssue(
  issue: z.core.$ZodIssue,
  value: unknown,
  written?: string,
): Omit<ConfigFinding, "path"> {
  const { message } = issue;
  if (issue.code === "custom") {
    const write: unknown = issue.params?.write;
    return typeof write === "string" ? { problem: message, write } : { problem: message };
  }
  // zod calls it a wrong type.
  if (message.endsWith("received undefined")) return { problem: "this key is missing" };
  if (value === null && issue.path.length > 0) {
    return { problem: "nothing stands behind this key", write: "give it a value, or leave the key out" };
  }
  if (issue.code === "invalid_value") return describeChoice(issue.values, value, message);
  if (issue.code === "invalid_type" && message.startsWith("Invalid input"))
    return describeType({ expected: issue.expected, message }, value, written);
  // A schema that says it in its own words knows better.
  if (!message.startsWith("Too ")) return { problem: message };
  if (issue.code === "too_big") return { problem: describeBound(issue, issue.maximum, "at most") };
  if (issue.code === "too_small") return { problem: describeBound(issue, issue.minimum, "at least") };
  return { problem: message };
}

/** `must be at most 65535`, `must have at least 1 entry`. */
function describeBound(
  { origin, inclusive }: { readonly origin: string; readonly inclusive?: boolean },
  bound: number | bigint,
  side: "at most" | "at least",
): string {
  if (origin === "string") return `must have ${side} ${bound} character${Number(bound) === 1 ? "" : "s"}`;
  if (origin === "array") return `must have ${side} ${bound} entr${Number(bound) === 1 ? "y" : "ies"}`;
  if (inclusive !== false) return `must be ${side} ${bound}`;
  return `must be ${side === "at most" ? "less" : "more"} than ${bound}`;
}

function describeChoice(
  values: readonly unknown[],
  value: unknown,
  message: string,
): Omit<ConfigFinding, "path"> {
  const words = values.map(String);
  if (words.length < 2) return { problem: message };
  const problem = `must be ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  const meant = typeof value === "string" ? findNearest(value, words) : undefined;
  return meant === undefined ? { problem } : { problem, write: `write ${meant}` };
}

function describeType(
  { expected, message }: { readonly expected: string; readonly message: string },
  value: unknown,
  written: string | undefined,
): Omit<ConfigFinding, "path"> {
  if (/^(number|int)$/.test(expected) && typeof value === "string") {
    const text = value.trim();
    if (isPaddedNumber(text)) return describePadded(text);
    if (/^-?\d{1,3}((,\d{3}){2,}|([ _'’\u00a0\u202f]\d{3})+)$/.test(text)) return ungrouped(text);
    if (/^-?\d+,\d+$/.test(text)) {
      const thousands = /^-?\d{1,3},\d{3}$/.test(text) ? `, or ${text.replace(",", "")} for thousands` : "";
      const write = `write ${text.replace(",", ".")}${thousands}`;
      return { problem: "a number is written with a point", write };
    }
    // A unit has no digits but a power behind it: neither 0b11 nor a date nor 12:30 is a number with one.
    const unit = /^(-?\d+(\.\d+)?) ?[\p{L}°%"][^\d]{0,14}[23]?$/u.exec(text);
    if (unit !== null) {
      // Which of the two is meant, only its author knows: the number beside it may be a hundred times another.
      const share = Number((Number(unit[1]) / 100).toPrecision(12));
      if (text.endsWith("%"))
        return {
          problem: "must be a number without a unit",
          write: `write ${share} for ${unit[1]} in a hundred`,
        };
      return { problem: "must be a number without a unit", write: `write ${unit[1]}, in the key's own unit` };
    }
    // JavaScript knows numbers in binary, YAML does not.
    if (text !== "" && Number.isFinite(Number(text)) && !/^0b/i.test(text)) {
      return { problem: "must be a number, not a text", write: `write ${text} without quotes` };
    }
    return { problem: "must be a number" };
  }
  if (expected === "int" && typeof value === "number" && /^-?\d{1,3}\.\d{3}$/.test(written ?? `${value}`))
    return ungrouped(written ?? `${value}`);
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) {
    return {
      problem: `must be a text, not a ${typeof value}`,
      write: `write "${written ?? value}" in quotes`,
    };
  }
  if (expected === "boolean" && typeof value === "string" && /^(yes|no|on|off)$/i.test(value)) {
    return { problem: "must be true or false", write: `write ${/^(yes|on)$/i.test(value)}` };
  }
  const wanted: Readonly<Record<string, string>> = {
    array: "a list",
    object: "a mapping of keys",
    string: "a text",
    boolean: "true or false",
    number: "a number",
    int: "a whole number",
  };
  return { problem: wanted[expected] === undefined ? message : `must be ${wanted[expected]}` };
}

/** Whether a number has zeros in front, of which some readers of YAML make octal digits: 010 is 8 to them, and 10 to others. */
export function isPaddedNumber(written: string): boolean {
  return /^[-+]?0\d/.test(written) && Number.isFinite(Number(written));
}

/** What is wrong with a number that {@link isPaddedNumber}. */
export function describePadded(written: string): Omit<ConfigFinding, "path"> {
  const problem = "a number has no zeros in front, which some programs take for octal digits";
  return { problem, write: `write ${Number(written)}` };
}

/** Of a whole number whose thousands are set apart, by whatever sign. */
function ungrouped(text: string): Omit<ConfigFinding, "path"> {
  const problem = "a whole number is written without a sign between its thousands";
  return { problem, write: `write ${text.replace(/[^\d-]/g, "")}` };
}

/**
 * One issue in a line, its place in front: `repairs.0.date: this key is missing`.
 * @param input all that was parsed
 */
export function sayIssue(issue: z.core.$ZodIssue | undefined, input: unknown): string {
  if (issue === undefined) return "is wrong";
  let value = input;
  for (const key of issue.path) {
    value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  }
  const { problem, write } = describeIssue(issue, value);
  return `${issue.path.length === 0 ? "" : `${issue.path.map(String).join(".")}: `}${problem}${write === undefined ? "" : `; ${write}`}`;
}
