/** Says which process may be ended where memory runs short: one that only helps, and not the daemon beside it. Needs Linux, and no rights. */
import { writeFileSync } from "node:fs";

const mostScore = "1000";

/** Makes the kernel end process `pid`, and what it starts, before any other that shares the memory. Does nothing where that cannot be said. */
export function endFirst(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, mostScore);
  } catch {
    // Another system, a process that has ended, or a sandbox that shows none: the kernel chooses by itself.
  }
}
