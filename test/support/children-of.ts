/** The processes that a process has begun. */
import { execFileSync } from "node:child_process";

/** Their ids; none where it has begun none. */
export function childrenOf(pid: number): number[] {
  try {
    const list = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
    return list.trim().split(/\s+/).map(Number);
  } catch (error) {
    // ps says so when there are none.
    if ((error as { status?: unknown }).status === 1) return [];
    throw error;
  }
}
