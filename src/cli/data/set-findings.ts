/** What is wrong with recordings taken together: the same one twice, one name for two machines, two for one, labels that are machines. */
import { groupBy } from "../../core/maths/group-by.ts";
import type { RecordedEntry } from "../../training/dataset/recordings/recording-set.ts";
import { findTwins } from "../../training/dataset/samples/signal-print.ts";
import type { Finding } from "./finding.ts";
import { readWholeLabel } from "./label-words.ts";
import type { MeasuredRecording } from "./measure-recording.ts";

/** Healthy recordings of one bearing lie within this ratio of levels; 20 dB. */
const mostLevelRatio = 10;
/** Fault orders of one bearing agree within this share. */
const orderTolerance = 0.02;

export function findInSet(recordings: readonly MeasuredRecording[]): Finding[] {
  return [
    ...findDuplicates(recordings),
    ...groupEntries(recordings, ({ machine }) => machine).flatMap((own) => [...findInMachine(own)]),
    ...groupEntries(recordings, ({ machine, component }) => `${machine}\n${component}`).flatMap((own) => [
      ...findInBearing(own),
    ]),
    ...findSpellings(recordings),
    ...findConfounded(recordings),
  ];
}

/** The same signal under two names: across machines it would be on both sides of a split. */
function findDuplicates(recordings: readonly MeasuredRecording[]): Finding[] {
  const whose = ({ machine, label }: RecordedEntry): string => `${machine}, ${label}`;
  return findTwins(recordings, ({ print }) => print).map(({ first, again }): Finding => {
    const [before, { entry, where }] = [first.resolved, again.resolved];
    const isSame = entry.machine === before.entry.machine && entry.label === before.entry.label;
    return {
      severity: isSame ? "warning" : "error",
      check: "duplicate",
      where,
      file: entry.file,
      message: `${entry.id} (${whose(entry)}) holds the signal of ${before.entry.id} (${whose(before.entry)}, ${before.where})`,
      cure: isSame
        ? "take one of them out: it counts twice"
        : "take the wrong one out: no recording is of two machines or labels",
    };
  });
}

function* findInMachine(own: readonly MeasuredRecording[]): Generator<Finding> {
  const { entry, where } = own[0]!.resolved;
  const { machine } = entry;
  const word = readWholeLabel(machine);
  // A single file is of a single machine, whatever it is called.
  const files = new Set(own.map(({ resolved }) => resolved.path)).size;
  if (word !== null && files > 1) {
    yield {
      severity: "error",
      check: "label-as-machine",
      where,
      file: null,
      message: `the machine "${machine}" of ${files} files is a label (${word}), not a machine`,
      cure: "say which physical machine each recording is of (machine: …): otherwise recordings of one machine are trained and judged on at once",
    };
  }
  const wheres = new Map(own.map(({ resolved }) => [resolved.entry.component, resolved.where]));
  for (const [component, line] of wheres) {
    const faults = [
      ...new Set(
        own.flatMap(({ resolved }) => {
          const { label } = resolved.entry;
          const isNamed = resolved.entry.component === component && label !== "healthy" && label !== "faulty";
          return isNamed ? [label] : [];
        }),
      ),
    ];
    if (faults.length < 2) continue;
    yield {
      severity: "warning",
      check: "two-labels",
      where: line,
      file: null,
      message: `the ${nameBearing(component)} of machine ${machine} is labelled ${faults.join(" and ")}`,
      cure: "one of the labels is wrong, or two machines (or a bearing and its replacement) share a name: name them apart",
    };
  }
}

function* findInBearing(own: readonly MeasuredRecording[]): Generator<Finding> {
  const { entry, where } = own[0]!.resolved;
  const { machine, component } = entry;
  const about = { severity: "warning", check: "two-machines", where, file: null } as const;
  const cure =
    "two machines, or two bearings, may share this name: name them apart, or correct what is stated";
  const other = own.find(
    ({ resolved }) =>
      Math.abs(resolved.entry.bearing.bpfo / entry.bearing.bpfo - 1) > orderTolerance ||
      Math.abs(resolved.entry.bearing.bpfi / entry.bearing.bpfi - 1) > orderTolerance,
  );
  if (other !== undefined) {
    const orders = [entry, other.resolved.entry].map(({ bearing }) => `${bearing.bpfo}/${bearing.bpfi}`);
    yield {
      ...about,
      message: `the ${nameBearing(component)} of machine ${machine} has the orders ${orders.join(" and ")}`,
      cure,
    };
  }
  const levels = own
    .filter(({ resolved, rms }) => resolved.entry.label === "healthy" && rms > 0)
    .map(({ resolved, rms }) => rms * (resolved.scale ?? 1));
  const ratio = levels.length === 0 ? 1 : Math.max(...levels) / Math.min(...levels);
  if (ratio > mostLevelRatio) {
    yield {
      ...about,
      message: `healthy recordings of the ${nameBearing(component)} of machine ${machine} differ ${ratio.toFixed(0)} times in level`,
      cure: `${cure}; or unit and scale differ between files`,
    };
  }
}

/** One machine under two names would be on both sides of a split. */
function* findSpellings(recordings: readonly MeasuredRecording[]): Generator<Finding> {
  const named = groupEntries(recordings, ({ machine }) => machine).map(([first]) => first!.resolved);
  for (const alike of groupBy(named, ({ entry }) => spellPlainly(entry.machine)).values()) {
    if (alike.length < 2) continue;
    const names = alike.map(({ entry }) => JSON.stringify(entry.machine)).sort();
    yield {
      severity: "warning",
      check: "one-machine",
      where: alike[1]!.where,
      file: null,
      message: `the machines ${names.join(" and ")} may be one: their names differ in case, blanks, hyphens, underscores or leading zeros`,
      cure: "write one name for one machine, or it is trained and judged on at once; where they are several, leave it so",
    };
  }
}

/** `Pump_01` and `pump 1` alike; `1-1` is not `11`. */
function spellPlainly(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/(?<=\d)[\s_-]+(?=\d)/g, "/")
    .replace(/[\s_-]+/g, "")
    .replace(/(?<!\d)0+(?=\d)/g, "");
}

/** Where every machine with a fault is another than every healthy one and all were recorded otherwise, the fault is not what is learnt. */
function* findConfounded(recordings: readonly MeasuredRecording[]): Generator<Finding> {
  const ratesOf = (isHealthy: boolean): Set<number> =>
    new Set(
      recordings.flatMap(({ resolved: { entry } }) =>
        (entry.label === "healthy") === isHealthy ? [entry.sampleRateHz] : [],
      ),
    );
  const [healthy, faulty] = [ratesOf(true), ratesOf(false)];
  if (healthy.size === 0 || faulty.size === 0 || [...healthy].some((rate) => faulty.has(rate))) return;
  yield {
    severity: "warning",
    check: "confounded",
    where: recordings[0]!.resolved.where.replace(/:\d+.*$/, ""),
    file: null,
    message: `every healthy recording has ${[...healthy].join(", ")} Hz, every faulty one ${[...faulty].join(", ")} Hz`,
    cure: "a model could learn the recorder instead of the fault: record both with the same settings",
  };
}

function groupEntries(
  recordings: readonly MeasuredRecording[],
  keyOf: (entry: RecordedEntry) => string,
): readonly (readonly MeasuredRecording[])[] {
  return [...groupBy(recordings, ({ resolved }) => keyOf(resolved.entry)).values()];
}

/** One that nobody named is called `bearing`. */
function nameBearing(component: string): string {
  return component === "bearing" ? component : `bearing ${component}`;
}
