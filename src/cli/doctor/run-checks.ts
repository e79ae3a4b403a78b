/** Runs the checks of `aurora doctor` one after the other, each within its time: what hangs is a finding, not a wait. */
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import { bad, type CheckResult } from "./check-result.ts";

/** Something to look at. */
export interface Check {
  readonly group: "configuration" | "machine" | "network" | "models" | "devices";
  /** Names the check where it does not end, or fails itself. */
  readonly name: string;
  readonly timeoutMs: number;
  /** What is thrown as an AuroraError is a finding with its hint. */
  run(): Promise<readonly CheckResult[]>;
}

export interface GroupedResult extends CheckResult {
  readonly group: Check["group"];
}

/** Runs them in their order; `onResult` hears of each result at once. */
export async function runChecks(
  checks: readonly Check[],
  onResult: (result: GroupedResult) => void,
): Promise<readonly GroupedResult[]> {
  const all: GroupedResult[] = [];
  for (const check of checks) {
    for (const result of await runCheck(check)) {
      const grouped = { group: check.group, ...result };
      all.push(grouped);
      onResult(grouped);
    }
  }
  return all;
}

async function runCheck({ name, timeoutMs, run }: Check): Promise<readonly CheckResult[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly CheckResult[]>((resolve) => {
    const text = `no end within ${timeoutMs / 1000} s`;
    const advice =
      "Something on the way neither answers nor refuses: a firewall, a hanging disk or driver; or the processor is slow, or busy with other work.";
    timer = setTimeout(() => resolve([bad(name, text, advice)]), timeoutMs);
  });
  try {
    return await Promise.race([run(), late]);
  } catch (error) {
    if (!hasErrorCode(error)) throw error;
    return [bad(name, error.message, error.hint)];
  } finally {
    clearTimeout(timer);
  }
}
