/** How busy a machine already is before a bench begins: what others take of it makes every figure of speed worse. Waits a second. */
import { readFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";

/** Above so many of the cores by the last minute's load, or such a share of a second stolen or taken by others, it is not quiet. */
const quiet = { loadPerCore: 0.25, stolenShare: 0.02, usedShare: 0.1 };
const lookMs = 1000;

/** What was seen; null: this system does not tell. */
export interface MachineLoad {
  readonly cores: number;
  /** Processes that run or wait, in the mean of the last minute. */
  readonly loadAverage: number | null;
  /** Share of all cores' time that something used in the second before, 0 to 1. */
  readonly usedShare: number | null;
  /** Share that other guests of the same host took, 0 to 1. */
  readonly stolenShare: number | null;
}

/** Why figures that are measured now tell little of a quiet machine, a line each; empty where nothing speaks against them. */
export function judgeMachineLoad(load: MachineLoad): readonly string[] {
  const { cores, loadAverage, usedShare, stolenShare } = load;
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  const busy: string[] = [];
  if (loadAverage !== null && loadAverage > quiet.loadPerCore * cores)
    busy.push(`a load average of ${loadAverage.toFixed(1)} on ${cores} cores in the minute before`);
  if (usedShare !== null && usedShare > quiet.usedShare)
    busy.push(`${percent(usedShare)} of the processors' time used by others in the second before`);
  if (stolenShare !== null && stolenShare > quiet.stolenShare)
    busy.push(`${percent(stolenShare)} of it stolen by other guests of this host`);
  return busy;
}

/** Looks for a second; this process sleeps meanwhile. */
export async function readMachineLoad(): Promise<MachineLoad> {
  const before = await readTimes();
  await new Promise((resolve) => setTimeout(resolve, lookMs));
  const after = await readTimes();
  const shares = before === null || after === null ? null : computeShares(before, after);
  return {
    cores: cpus().length,
    loadAverage: process.platform === "win32" ? null : loadavg()[0]!,
    usedShare: shares?.used ?? null,
    stolenShare: shares?.stolen ?? null,
  };
}

/** Ticks of all cores since they started. */
export interface ProcessorTimes {
  readonly all: number;
  readonly idle: number;
  readonly stolen: number;
}

/** Reads the first line of `/proc/stat`. @throws Error where it is another */
export function parseProcessorTimes(text: string): ProcessorTimes {
  const line = /^cpu +(\d+(?: \d+){7,})$/m.exec(text)?.[1];
  if (line === undefined) throw new Error("/proc/stat begins with no line of all processors");
  // user nice system idle iowait irq softirq steal; guests are in user already (proc(5)).
  const fields = line.split(" ").slice(0, 8).map(Number);
  const [, , , idle, waiting, , , stolen] = fields;
  return { all: fields.reduce((sum, ticks) => sum + ticks, 0), idle: idle! + waiting!, stolen: stolen! };
}

/** Shares of the time between two looks, 0 to 1. */
export function computeShares(
  before: ProcessorTimes,
  after: ProcessorTimes,
): { readonly used: number; readonly stolen: number } {
  const all = Math.max(1, after.all - before.all);
  const stolen = after.stolen - before.stolen;
  return { used: (all - (after.idle - before.idle) - stolen) / all, stolen: stolen / all };
}

/** Null where a system has no such file. */
async function readTimes(): Promise<ProcessorTimes | null> {
  if (process.platform !== "linux") return null;
  return parseProcessorTimes(await readFile("/proc/stat", "utf8"));
}
