/** What `aurora data check` says of recordings, for whoever reads it: one finding of many entries is said once. */
import { sayLearningPath } from "../../training/judge/learning-path.ts";
import { countOf } from "../terminal/count-of.ts";
import type { DataCheck } from "./check-recordings.ts";
import { type Finding, nameSome } from "./finding.ts";

/** Names, and lines of the manifest, that are said at once. */
const shown = { names: 10, lines: 6 };

export function sayCheck(check: DataCheck): string {
  const { findings, recordings, unreadable, machines, bytes, memoryMb, path } = check;
  const isWhole = unreadable.length === 0 && findings.every((each) => each.check !== "entry");
  const of = [countOf(recordings, "recording"), countOf(machines, "machine")].join(" of ");
  return `${[
    ...groupAlike(findings).flatMap(sayGroup),
    ...(unreadable.length === 0
      ? []
      : [`${countOf(unreadable.length, "recording")} cannot be read: ${nameSome(unreadable, shown.names)}`]),
    `${of}: ${sayHours(check.hours)}, ${(bytes / 1e6).toFixed(1)} MB; training takes about ${memoryMb.rows} MB for their rows and ${memoryMb.part} MB for a part of a recording`,
    ...(isWhole || recordings === 0 ? [] : ["of the entries that can be read, until the others are mended:"]),
    ...(recordings === 0 ? [] : sayLearningPath(path)),
  ].join("\n")}\n`;
}

/** Findings of entries that are cured by the same words stand together; what is of several recordings stands alone. */
function groupAlike(findings: readonly Finding[]): readonly (readonly Finding[])[] {
  const groups = new Map<string, Finding[]>();
  for (const [index, finding] of findings.entries()) {
    const { severity, check, cure, where } = finding;
    const isOfEntry = lineOf(where) !== null && check !== "duplicate";
    const key = isOfEntry ? [severity, check, cure].join("\n") : `${index}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups.values()];
}

function sayGroup([first, ...others]: readonly Finding[]): string[] {
  const { severity, where, message, cure } = first!;
  const lines = others.flatMap((each) => lineOf(each.where) ?? []);
  const more = lines.length === 0 ? "" : ` (and ${lines.length} more: lines ${nameSome(lines, shown.lines)})`;
  return [`${severity}: ${where}: ${message}${more}`, `  ${cure}`];
}

/** Line of the manifest; null: of the whole. */
function lineOf(where: string): string | null {
  return /:(\d+)(?:,.*)?$/.exec(where)?.[1] ?? null;
}

function sayHours(hours: number): string {
  if (hours >= 1) return `${hours.toFixed(2)} hours`;
  return hours >= 1 / 60 ? `${(60 * hours).toFixed(1)} minutes` : `${(3600 * hours).toFixed(1)} seconds`;
}
