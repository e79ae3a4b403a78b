/** Sets that would spoil a training: each trap must be named with its file, what is wrong and the cure, before anything is learnt. */
import { join } from "node:path";
import type { FaultLedger } from "../faults/fault-ledger.ts";
import type { OwnDataRig } from "./own-data-rig.ts";

/** What of a finding is read. */
interface Finding {
  readonly severity: string;
  readonly where: string;
  readonly message: string;
  readonly cure: string;
}

/** What the finding on a trap speaks of. */
const traps = {
  "two-labels": /the signal of|label/i,
  duplicate: /holds the signal of/i,
  clipped: /clip/i,
  silent: /silent|stuck|constant/i,
  "wrong-rate": /rate|Hz/i,
} as const;

/** Every trap in a set of its own. */
export async function checkTraps(rig: OwnDataRig, ledger: FaultLedger): Promise<void> {
  for (const [trap, words] of Object.entries(traps)) {
    const dir = await rig.invent(`trap-${trap}`, "--seed", "81", "--trap", trap, "--seconds", "4");
    await rig.aurora("data", "init", dir);
    const { stdout, stderr } = await rig.aurora("data", "check", join(dir, "recordings.yaml"), "--json");
    const findings = stdout === "" ? [] : (JSON.parse(stdout) as { findings: readonly Finding[] }).findings;
    const named = findings.filter(
      ({ where, message }) =>
        words.test(message) && /\.npy|\.wav|recordings\.yaml/.test(`${where}${message}`),
    );
    ledger.check(
      `trap ${trap}: data check names file, fault and cure`,
      named.length > 0 && named.every(({ cure }) => cure !== ""),
      `${JSON.stringify(findings.slice(0, 3))} ${stderr.slice(0, 300)}`,
    );
  }
}
