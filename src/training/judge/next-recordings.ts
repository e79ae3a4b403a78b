/**
 * What to record next to learn the most: which machine, kind, speed or load is missing from a set of recordings. Ranked by one
 * measure, how much narrower the 95 % interval of a share of machines becomes; recordings of a machine that are of no use as
 * they are count as that machine's. Knows no model; where one was judged, the machines that it fails on come first.
 */
import { computeShare } from "./figure.ts";
import { listMachines, type PathEntry } from "./learning-path.ts";

/** What is asked of an entry of a manifest. */
interface PlannedEntry extends PathEntry {
  readonly shaftRpm: number;
  readonly load: string | null;
}

export interface RecordingAdvice {
  /** What to record, in words. */
  readonly words: string;
  /** By how much the half interval of a share of such machines shrinks, 0 to 1: for the rank. */
  readonly narrower: number;
}

/** The most that is advised. */
const most = 6;
/** Failed machines that are named. */
const mostFailed = 2;
/** Speeds are alike within this ratio: what a machine's noise does to an envelope changes little. */
const speedRatio = 1.2;
/** What a machine's missing state is worth, over another machine. */
const partly = 0.5;

/** Machines on which a judged model is wrong, the worst first, with what it does there. */
type FailedMachines = readonly { readonly machine: string; readonly words: string }[];

/** The most useful first. Machines in `failed` come with what the judged model does on them. */
export function planNextRecordings(
  entries: readonly PlannedEntry[],
  failed: FailedMachines = [],
): readonly RecordingAdvice[] {
  const advice = [
    ...adviseMachines(entries),
    ...adviseHealthy(entries),
    ...adviseConditions(entries, "speed"),
    ...adviseConditions(entries, "load"),
    ...adviseFailed(entries, failed),
  ];
  return advice.sort((a, b) => b.narrower - a.narrower).slice(0, most);
}

/** Of a share of `machines`, half of which is right: half the width of its interval, the widest there is. */
function halfWidth(machines: number): number {
  if (machines === 0) return 0.5;
  const { low, high } = computeShare(machines / 2, machines);
  return (high! - low!) / 2;
}

/** What a share of machines gains by `more` of them. */
function gain(machines: number, more = 1): number {
  return halfWidth(machines) - (more * halfWidth(machines + 1) + (1 - more) * halfWidth(machines));
}

/** Another machine of the kinds that fewest machines have. */
function adviseMachines(entries: readonly PlannedEntry[]): RecordingAdvice[] {
  const kinds = [...new Set(entries.map(({ label }) => label))].filter((label) => label !== "healthy").sort();
  const wanted = kinds.length === 0 ? ["a fault of any kind"] : kinds;
  return [
    ...wanted.map((kind) => {
      const has = listMachines(entries, (label) => label === kind).length;
      const what = kind === "faulty" ? "a fault" : kind.startsWith("a ") ? kind : `the fault ${kind}`;
      return {
        words: `another machine with ${what}: ${has === 0 ? "none is" : has === 1 ? "only one is" : `${has} are`} there`,
        narrower: gain(has),
      };
    }),
    {
      words: "another machine while it is healthy",
      narrower: gain(listMachines(entries, (label) => label === "healthy").length),
    },
  ];
}

/** A machine that is only known with its fault tells the fault and the machine not apart. */
function adviseHealthy(entries: readonly PlannedEntry[]): RecordingAdvice[] {
  const healthy = listMachines(entries, (label) => label === "healthy");
  return listMachines(entries, (label) => label !== "healthy")
    .filter((machine) => !healthy.includes(machine))
    .map((machine) => ({
      words: `${machine} once its bearing is replaced: it is only known with its fault, so nothing tells the fault from the machine`,
      narrower: gain(healthy.length),
    }));
}

/** Speeds or loads at which a machine was recorded in one state only. */
function adviseConditions(entries: readonly PlannedEntry[], by: "speed" | "load"): RecordingAdvice[] {
  const conditionOf = ({ shaftRpm, load }: PlannedEntry): string | null =>
    by === "load" ? load : `${Math.round(Math.log(Math.max(1, shaftRpm)) / Math.log(speedRatio))}`;
  return listMachines(entries, (label) => label !== "healthy").flatMap((machine) => {
    const own = entries.filter((entry) => entry.machine === machine);
    const healthy = own.filter(({ label }) => label === "healthy");
    if (healthy.length === 0) return [];
    const known = new Set(healthy.map(conditionOf));
    const lone = own.filter((entry) => entry.label !== "healthy" && !known.has(conditionOf(entry)));
    if (lone.length === 0) return [];
    const places = [
      ...new Set(
        lone.map((entry) => (by === "load" ? `load ${entry.load}` : `${Math.round(entry.shaftRpm)} rpm`)),
      ),
    ];
    return [
      {
        words: `${machine} healthy at ${places.slice(0, 3).join(", ")}: with its fault it was recorded there, healthy it was not, so that ${by} and fault cannot be told apart`,
        narrower: gain(
          listMachines(entries, (label) => label !== "healthy").length,
          partly * (lone.length / own.length),
        ),
      },
    ];
  });
}

/** What the judged model gets wrong shows best what it has not learnt. */
function adviseFailed(entries: readonly PlannedEntry[], failed: FailedMachines): RecordingAdvice[] {
  const machines = new Set(entries.map(({ machine }) => machine)).size;
  return failed.slice(0, mostFailed).map(({ machine, words }) => ({
    words: `another machine like ${machine}, and more of it at other speeds and loads: ${words}`,
    narrower: 2 * gain(machines),
  }));
}
