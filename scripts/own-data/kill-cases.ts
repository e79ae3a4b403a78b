/** A training that is killed at its steps, again and again, and started once more each time: it must come to the same bytes. */
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { FaultLedger } from "../faults/fault-ledger.ts";
import type { LearntSet } from "./learn-cases.ts";
import { killHard, type OwnDataRig, readIfThere, readJson } from "./own-data-rig.ts";

/** A step that a run finished itself, not one kept from an earlier run. */
const finishedStep = /^step \d+\/\d+ ([^:]+): [\d.]+ s/;

/**
 * Kills after every `every`-th step that no earlier run finished, until a run comes to its end; checks that its bundle is that of the
 * run which nobody disturbed. Returns how often it was killed.
 */
export async function killTraining(
  rig: OwnDataRig,
  { config, bundle, digest }: LearntSet,
  { ledger, every }: { readonly ledger: FaultLedger; readonly every: number },
): Promise<number> {
  const out = join(rig.folder, "bundles", "killed");
  const work = join(rig.folder, "work-killed");
  const killedAt = new Set<string>();
  let seen = 0;
  for (;;) {
    const child = rig.start("train", config, "--out", out, "--work", work);
    const ended = once(child, "exit");
    const lines = createInterface({ input: child.stderr! });
    child.stdout!.resume();
    let said = "";
    let killed = false;
    lines.on("line", (line) => {
      said = `${said}${line}\n`.slice(-2000);
      const step = finishedStep.exec(line)?.[1];
      if (step === undefined || killed || killedAt.has(step)) return;
      killedAt.add(step);
      if (seen++ % every !== 0) return;
      killed = true;
      void killHard(child);
    });
    const [code] = (await ended) as [number | null];
    if (killed) {
      const manifest = readIfThere(join(out, "manifest.json"));
      // A bundle is there whole or not at all.
      if (manifest !== "") readJson(join(out, "manifest.json"));
      continue;
    }
    ledger.check("a killed training comes to its end", code === 0, said);
    break;
  }
  const [own, undisturbed] = [join(out, "manifest.json"), join(bundle, "manifest.json")].map(readIfThere);
  const same = own !== "" && own === undisturbed;
  ledger.check("a killed training gives the same bytes", same, `${digest}: ${killedAt.size} steps were seen`);
  return Math.ceil(seen / every);
}
