/** The error of a configuration that is wrong: a complaint for each mistake, with its place, for people and for programs. */
import { AuroraError } from "../../contract/aurora-error.ts";
import { type ConfigFinding, formatKeyPath } from "../../contract/config/config-finding.ts";
import { redact } from "../redact.ts";

/** One mistake and its place. */
interface ConfigComplaint {
  readonly file: string;
  /** From 1; null: the value stands in an environment variable, or nowhere in the file. */
  readonly line: number | null;
  readonly column: number | null;
  /** Environment variable that the value comes from, or null. */
  readonly variable: string | null;
  /** Dotted path; empty: the whole file. */
  readonly key: string;
  /** The value as it was found, passwords taken out; null where there is none, or it is a mapping or list. */
  readonly value: string | number | boolean | null;
  readonly problem: string;
  /** What to write instead; null where the problem says it. */
  readonly write: string | null;
}

/** Code CONFIG_INVALID; the message has one line per complaint. */
export class ConfigError extends AuroraError {
  readonly complaints: readonly ConfigComplaint[];

  constructor(path: string, complaints: readonly ConfigComplaint[]) {
    super("CONFIG_INVALID", complaints.map(renderComplaint).join("\n"), {
      op: "read configuration",
      subject: path,
      hint: "`aurora config schema` prints every key with its meaning.",
    });
    this.complaints = complaints;
  }
}

/** Where a finding stands. */
interface ComplaintPlace {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly variable?: string;
  readonly value?: unknown;
}

/** Longer values are shortened. */
const maxValueLength = 120;

/** Joins a finding with its place; the value is shown only where it is short and no secret. */
export function makeComplaint(
  { path, problem, write }: ConfigFinding,
  place: ComplaintPlace,
): ConfigComplaint {
  const { file, line = null, column = null, variable = null } = place;
  return {
    file,
    line,
    column,
    variable,
    key: formatKeyPath(path),
    value: showValue(place.value),
    problem,
    write: write ?? null,
  };
}

function showValue(value: unknown): ConfigComplaint["value"] {
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value !== "string") return null;
  const text = String(redact(value));
  return text.length > maxValueLength ? `${text.slice(0, maxValueLength)}…` : text;
}

/** Whether `text` says `value`, and not something of which that is only a part: 1200 does not say 0. */
function names(text: string, value: string): boolean {
  const literally = value.replace(/[\^$.*+?()[\]{}|]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}.-])${literally}(?![.-]?[\\p{L}\\p{N}])`, "u").test(text);
}

/** `file:line:column: key: what is wrong (it says VALUE); what to write`. */
export function renderComplaint(complaint: ConfigComplaint): string {
  const { file, line, column, variable, key, value, problem, write } = complaint;
  const place =
    variable !== null ? `environment ${variable}` : line === null ? file : `${file}:${line}:${column}`;
  const isTold = value === null || names(problem, String(value));
  const found = isTold ? "" : ` (it says ${JSON.stringify(value)})`;
  return `${place}: ${key === "" ? "" : `${key}: `}${problem}${found}${write === null ? "" : `; ${write}`}`;
}
