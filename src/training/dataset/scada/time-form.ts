/**
 * How a column writes its times: ISO 8601, numbers since 1970, days of a spreadsheet, or a form such as `dd.MM.yyyy HH:mm`.
 * Says of each cell which moment it is or what its local clock showed; never fills in a part that is not there.
 */
import { dayMs } from "../../../core/maths/durations.ts";
import { isPlausibleTime, namesZone, parseTime } from "../parse-time.ts";

/** Forms that have a name. */
const namedTimeForms = ["iso", "milliseconds", "seconds", "spreadsheet-days"] as const;

/** A cell's time; `isLocal`: what a clock on a wall showed, as if it were UTC, and not a moment yet. */
interface WrittenTime {
  readonly timeMs: number;
  readonly isLocal: boolean;
}

/** Reads a cell; null where it is no time of this form from 1990 to 2099. */
type ReadTime = (cell: unknown) => WrittenTime | null;

const tokens: Readonly<Record<string, string>> = {
  yyyy: "(?<year>\\d{4})",
  yy: "(?<year>\\d{2})",
  MM: "(?<month>\\d{2})",
  M: "(?<month>\\d{1,2})",
  dd: "(?<day>\\d{2})",
  d: "(?<day>\\d{1,2})",
  HH: "(?<hour>\\d{2})",
  H: "(?<hour>\\d{1,2})",
  mm: "(?<minute>\\d{2})",
  ss: "(?<second>\\d{2})",
};
const tokenPattern = /yyyy|yy|MM|M|dd|d|HH|H|mm|ss/g;

/** Day 0 of spreadsheets (their 29 February 1900 never was). */
const spreadsheetEpochMs = Date.UTC(1899, 11, 30);

/** What is wrong with the name of a form; null where nothing is. */
export function describeBadForm(form: string): string | null {
  if (namedTimeForms.some((known) => known === form)) return null;
  const found = form.match(tokenPattern) ?? [];
  const has = (letter: string): boolean => found.filter((token) => token.startsWith(letter)).length === 1;
  return has("y") && has("M") && has("d") && (has("H") || !form.includes("m"))
    ? null
    : `is no form of times: ${namedTimeForms.join(", ")}, or one such as "dd.MM.yyyy HH:mm" of yyyy, MM, dd, HH, mm and ss, each once`;
}

/** Reads cells of `form`, of which {@link describeBadForm} says nothing. */
export function readTimesOf(form: string): ReadTime {
  const read = chooseReader(form);
  return (cell) => {
    const written = read(cell);
    return written !== null && isPlausibleTime(written.timeMs) ? written : null;
  };
}

function chooseReader(form: string): ReadTime {
  switch (form) {
    case "iso":
      return readIso;
    case "milliseconds":
    case "seconds": {
      const factor = form === "seconds" ? 1000 : 1;
      return (cell) => moment(factor * toNumber(cell));
    }
    case "spreadsheet-days":
      return (cell) => {
        // Days are floating: to the second.
        const seconds = Math.round((toNumber(cell) * dayMs) / 1000);
        return { timeMs: spreadsheetEpochMs + 1000 * seconds, isLocal: true };
      };
    default:
      return readPattern(form);
  }
}

/** A Parquet file's times are moments; a text without a zone is a clock's face. */
function readIso(cell: unknown): WrittenTime | null {
  if (typeof cell !== "string") return moment(parseTime(cell));
  return { timeMs: parseTime(cell), isLocal: !namesZone(cell) };
}

function moment(timeMs: number): WrittenTime {
  return { timeMs, isLocal: false };
}

function readPattern(form: string): ReadTime {
  const source = form
    .split(/(yyyy|yy|MM|M|dd|d|HH|H|mm|ss)/)
    .map((part) => tokens[part] ?? part.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&"))
    .join("");
  const pattern = new RegExp(`^${source}$`);
  return (cell) => {
    const groups = pattern.exec(typeof cell === "string" ? cell.trim() : "")?.groups;
    if (groups === undefined) return null;
    const part = (name: string): number => Number(groups[name] ?? 0);
    const year = groups.year!.length === 2 ? 2000 + part("year") : part("year");
    const timeMs = Date.UTC(
      year,
      part("month") - 1,
      part("day"),
      part("hour"),
      part("minute"),
      part("second"),
    );
    const date = new Date(timeMs);
    // `Date.UTC` takes the 31st of February for a day in March, and 24:30 for the next day.
    const isReal =
      date.getUTCMonth() === part("month") - 1 &&
      date.getUTCDate() === part("day") &&
      date.getUTCHours() === part("hour") &&
      date.getUTCMinutes() === part("minute");
    return isReal ? { timeMs, isLocal: true } : null;
  };
}

function toNumber(cell: unknown): number {
  if (typeof cell === "string") return cell.trim() === "" ? Number.NaN : Number(cell.replace(",", "."));
  return typeof cell === "number" || typeof cell === "bigint" ? Number(cell) : Number.NaN;
}
