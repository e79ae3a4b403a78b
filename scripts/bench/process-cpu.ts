/** CPU time of this process, and of those that a benchmark has started. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

function listProcesses(): readonly ProcessLine[] {
  const text = execFileSync("ps", ["-eo", "pid=,ppid=,comm="], { encoding: "utf8" });
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [pid, parent, ...name] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent), name: name.join(" ") };
    });
}

/** The newest process of that name that this one has started; 0: none. */
export function childNamed(name: string): number {
  const own = listProcesses().filter((line) => line.parent === process.pid && line.name === name);
  return own.at(-1)?.pid ?? 0;
}

/** CPU seconds of this process so far. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** CPU seconds so far of processes and their children, and of this one. */
export function cpuOf<T extends string>(roots: Readonly<Record<T, number>>): Record<T | "sender", number> {
  const lines = listProcesses();
  const entries = Object.entries<number>(roots).map(([part, root]) => {
    const pids = lines.filter(({ pid, parent }) => pid === root || parent === root).map(({ pid }) => pid);
    return [part, pids.reduce((sum, pid) => sum + readCpuSeconds(pid, pid === root), 0)];
  });
  return { ...Object.fromEntries(entries), sender: ownCpuSeconds() } as Record<T | "sender", number>;
}

function readCpuSeconds(pid: number, withGone: boolean): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ").map(Number);
    return (fields[11]! + fields[12]! + (withGone ? fields[13]! + fields[14]! : 0)) / 100;
  } catch {
    // It ended between the list and here.
    return 0;
  }
}
