/** Which recordings there are, of which point each is, when it began and how it is read. What is wrong with a file is said of it. */
import { basename, dirname } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import {
  describeBadTime,
  isPlausibleTime,
  parseTime,
  timeForms,
} from "../../../training/dataset/parse-time.ts";
import { openSampleFile, openSampleRows } from "../../../training/dataset/samples/sample-file.ts";
import type { SampleFile } from "../../../training/dataset/samples/samples.ts";
import { readBeginOfTimes } from "../../../training/dataset/samples/time-column.ts";
import { findSpeedSource, type SidecarPart } from "../../../training/dataset/sidecar/sidecar.ts";
import { readOwnSidecar } from "../../../training/dataset/sidecar/sidecar-files.ts";
import type { ErrorReport } from "../../terminal/end-process.ts";
import { describeFileError } from "../files/file-report.ts";
import { type Describer, describeStated, type StatedDescription } from "../sidecar/sidecar-options.ts";
import { choosePoints, createFolderNames, expectUsedPoints, type PointNames } from "./choose-points.ts";
import { compareNames, describeUntimed, readTimesInNames } from "./recording-time.ts";
import {
  dropDescriptions,
  listEntryFiles,
  listTimes,
  type ReplayEntry,
  refuseTimes,
} from "./replay-manifest.ts";
import { meansFile, type NamedPoint } from "./replay-options.ts";
import { placeRenewals, type ReplayRenewal } from "./replay-renewals.ts";
import { settleTurbines } from "./replayed-turbines.ts";

/** A recording that can be played. */
export interface PlannedRecording {
  readonly file: string;
  readonly point: string;
  /** As its description, or another one of its point, has it; null: none does. */
  readonly turbine: string | null;
  /** Of its first sample, epoch ms. */
  readonly timeMs: number;
  /** As its description has it; null: that says none. What it says may not have counted. */
  readonly statedTime: string | null;
  readonly description: StatedDescription;
  /** That its entry of the manifest says of its point. */
  readonly renewals: readonly ReplayRenewal[];
  /** Fails as the reader of the file does. */
  readonly open: () => Promise<SampleFile>;
}

/** A recording of which something is wrong that is known before it is read. */
interface UnplannedFile {
  readonly point: string;
  /** NaN: not known. */
  readonly timeMs: number;
}

/** Recordings in order of time, those of the same time in the order of the files; and what could not be planned. */
export interface ReplayPlan {
  readonly recordings: readonly PlannedRecording[];
  /** One a point of each file of which `errors` tell; of points that may have no other. */
  readonly unplanned: readonly UnplannedFile[];
  /** Names of the points, in the order in which the files name them. */
  readonly points: readonly string[];
  /** The turbine of each point of which something says it. */
  readonly turbines: ReadonlyMap<string, string>;
  /** Of each point, in order of time. */
  readonly renewals: ReadonlyMap<string, readonly ReplayRenewal[]>;
  readonly errors: readonly { readonly file: string; readonly error: ErrorReport }[];
}

export interface PlanRequest {
  /** Undefined: those of the manifest. */
  readonly input: readonly string[] | undefined;
  readonly manifest: { readonly path: string; readonly entries: readonly ReplayEntry[] } | null;
  readonly points: readonly NamedPoint[];
  /** For files that nothing else lists, in the order of their names. */
  readonly course: { readonly fromMs: number; readonly everyMs: number } | null;
  readonly describer: Describer;
}

const maxRecordings = 1_000_000;
/** As many as a gateway has at most. */
const maxPoints = 1024;

/** Makes the plan. Fails with USAGE where options contradict one another, CONFIG_INVALID where the manifest does. */
export async function planReplay(request: PlanRequest): Promise<ReplayPlan> {
  const listed = await matchEntries(request);
  const nameFolder = createFolderNames(listed.map(({ file }) => file));
  expectUsedPoints(
    request.points,
    listed.map(({ file }) => file),
  );
  const errors: { file: string; error: ErrorReport }[] = [];
  const planned: PlannedRecording[] = [];
  const tellTime = createCourses(request, listed);
  const timeInName = readTimesInNames(listed.map(({ file }) => basename(file)));
  const context: PlanContext = { ...request, nameFolder, tellTime, timeInName };
  const failed: (UnplannedFile & { readonly turbine: string | null })[] = [];
  for (const each of listed) {
    try {
      planned.push(...(await planFile(each, context)));
    } catch (error) {
      errors.push({ file: each.file, error: describeFileError(error) });
      failed.push(...(await placeUnplanned(each, context)));
    }
    if (planned.length > maxRecordings) throw tooMany(`more than ${maxRecordings} recordings`);
  }
  const { recordings: settled, turbines } = settleTurbines([...planned, ...failed]);
  const unplanned = settled.filter((each) => !("open" in each));
  const recordings = settled.filter((each): each is PlannedRecording => "open" in each);
  const points = new Set(recordings.map(({ point }) => point));
  if (points.size > maxPoints) throw tooMany(`more than ${maxPoints} points`);
  // Stable: of the same time the first of the files stays first.
  recordings.sort((a, b) => a.timeMs - b.timeMs);
  const renewals = placeRenewals(recordings);
  return { recordings, unplanned, points: [...points], turbines, renewals, errors };
}

/** A file as one entry of the manifest, or none, speaks of it. */
interface ListedFile {
  readonly file: string;
  readonly entry: ReplayEntry | null;
}

async function matchEntries({ input, manifest }: PlanRequest): Promise<ListedFile[]> {
  const entries = manifest?.entries ?? [];
  if (input === undefined) {
    const own: ListedFile[] = [];
    for (const entry of entries)
      for (const file of await listEntryFiles(manifest!.path, entry)) own.push({ file, entry });
    return own;
  }
  // Most entries name one file: those are found by name, patterns are tried one by one.
  const byName = new Map<string, ReplayEntry[]>();
  const patterns: ReplayEntry[] = [];
  for (const entry of entries) {
    if (entry.file.includes("*")) patterns.push(entry);
    else byName.set(basename(entry.file), [...(byName.get(basename(entry.file)) ?? []), entry]);
  }
  const used = new Set<ReplayEntry>();
  const listed = dropDescriptions(input, manifest?.path).flatMap((file): ListedFile[] => {
    const own = [...(byName.get(basename(file)) ?? []), ...patterns].filter((entry) =>
      meansFile(entry.file, file),
    );
    for (const entry of own) used.add(entry);
    return own.length === 0 ? [{ file, entry: null }] : own.map((entry) => ({ file, entry }));
  });
  const idle = entries.find((entry) => !used.has(entry));
  if (idle === undefined) return listed;
  throw new AuroraError("CONFIG_INVALID", `${idle.where}: "${idle.file}" is none of the files of --input`, {
    op: "plan replay",
    subject: idle.where,
    hint: "name the file with --input too, or leave --input out: a manifest's own folder is then looked in",
  });
}

interface PlanContext extends PlanRequest, PointNames {
  readonly tellTime: (listed: ListedFile) => number;
  readonly timeInName: (name: string) => number;
}

async function planFile(listed: ListedFile, context: PlanContext): Promise<PlannedRecording[]> {
  const { file, entry } = listed;
  const parts = await context.describer.listParts(file, entry?.part ?? {});
  const targets = choosePoints(file, context, parts);
  const rows = entry?.hasRows === true ? await openSampleRows(file) : null;
  if (rows !== null && findSpeedSource(parts))
    throw refuseTimes(entry!.where, "has rows, and a speed of none of them");
  const statedTime = parts.find(({ time }) => time !== undefined)?.time ?? null;
  const times = rows === null ? [await findTime(listed, context, parts)] : listTimes(entry!, rows.rows);
  if (times.length > maxRecordings) throw tooMany(`more than ${maxRecordings} recordings`);
  const turbine = parts.find((part) => part.turbine !== undefined)?.turbine ?? null;
  const { renewals = [] } = entry ?? {};
  const planned: PlannedRecording[] = [];
  for (const { point: name, channel } of targets) {
    const description = await describeStated(file, channel === null ? parts : [{ channel }, ...parts]);
    for (const [row, timeMs] of times.entries()) {
      const open = async () => rows?.row(row) ?? openSampleFile(file, description.channel);
      planned.push({ file, point: name, turbine, timeMs, statedTime, description, renewals, open });
    }
  }
  return planned;
}

/** Of which points, and which time, a file is that cannot be planned, as far as that can be told. */
async function placeUnplanned(listed: ListedFile, context: PlanContext) {
  const own = await readOwnSidecar(listed.file).catch(() => ({}));
  const parts: readonly SidecarPart[] = [listed.entry?.part ?? {}, own];
  const turbine = parts.find((part) => part.turbine !== undefined)?.turbine ?? null;
  const timeMs = await findTime(listed, context, parts).catch(() => Number.NaN);
  try {
    return choosePoints(listed.file, context, parts).map(({ point }) => ({ point, turbine, timeMs }));
  } catch {
    return [];
  }
}

/** Of the manifest, else of --from, of the sidecar, of the name, of a column of times. Fails with USAGE, CONFIG_INVALID. */
async function findTime(
  listed: ListedFile,
  { tellTime, timeInName }: PlanContext,
  parts: readonly SidecarPart[],
): Promise<number> {
  const { file } = listed;
  const told = tellTime(listed);
  if (!Number.isNaN(told)) return told;
  const text = parts.find((part) => part.time !== undefined)?.time;
  if (text !== undefined) {
    const timeMs = parseTime(text);
    if (isPlausibleTime(timeMs)) return timeMs;
    throw new AuroraError(
      "CONFIG_INVALID",
      `${file} would begin at "${text.slice(0, 40)}", ${describeBadTime(text)}`,
      {
        op: "plan replay",
        subject: file,
        hint: `times are ${timeForms}`,
      },
    );
  }
  const namedMs = timeInName(basename(file));
  const timeMs = Number.isNaN(namedMs) ? await readBeginOfTimes(file) : namedMs;
  if (!Number.isNaN(timeMs)) return timeMs;
  throw describeUntimed(file);
}

/** Times that come from a place among other files: of the manifest's patterns, and of --from and --every. NaN: none. */
function createCourses(
  { course, points }: PlanRequest,
  listed: readonly ListedFile[],
): (listed: ListedFile) => number {
  const times = new Map<ListedFile, number>();
  const spread = (files: readonly ListedFile[], fromMs: number, everyMs: number): void => {
    const sorted = [...files].sort((a, b) => compareNames(a.file, b.file));
    for (const [index, each] of sorted.entries()) times.set(each, fromMs + index * everyMs);
  };
  const byEntry = new Map<ReplayEntry, ListedFile[]>();
  for (const each of listed) {
    if (each.entry === null || each.entry.hasRows) continue;
    const files = byEntry.get(each.entry) ?? [];
    files.push(each);
    byEntry.set(each.entry, files);
  }
  for (const [{ where, part, everyMs }, files] of byEntry) {
    if (part.time === undefined) continue;
    if (files.length > 1 && everyMs === null)
      throw refuseTimes(where, `gives ${files.length} files the same time`);
    spread(files, parseTime(part.time), everyMs ?? 0);
  }
  if (course !== null) {
    // One after the other are the files of a point; which it is may yet be in a sidecar, then its folder's are.
    const groupOf = ({ file, entry }: ListedFile): string => {
      const own = points.filter(({ patterns }) => patterns.some((pattern) => meansFile(pattern, file)));
      const { point = `\0${dirname(file)}`, turbine = "" } = entry?.part ?? {};
      return `${turbine}\0${own.map(({ name }) => name).join("\0") || point}`;
    };
    const groups = new Map<string, ListedFile[]>();
    for (const each of listed) {
      if (times.has(each) || each.entry?.hasRows === true) continue;
      const group = groupOf(each);
      const files = groups.get(group) ?? [];
      files.push(each);
      groups.set(group, files);
    }
    for (const files of groups.values()) spread(files, course.fromMs, course.everyMs);
  }
  return (each) => times.get(each) ?? Number.NaN;
}

function tooMany(what: string): AuroraError {
  return new AuroraError("USAGE", `there are ${what}`, {
    op: "plan replay",
    subject: "--input",
    hint: "replay fewer at once, for example one turbine's",
  });
}
