/** Commands that are killed at their steps, again and again, and started once more each time: they must come to the same bytes. */
import { once } from "node:events";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { endChild } from "../../test/support/has-ended.ts";
import type { FaultLedger } from "../faults/fault-ledger.ts";
import type { LearntSet } from "./learn-cases.ts";
import { type CommandEnd, interrupt, type OwnDataRig, readIfThere, readJson } from "./own-data-rig.ts";

/** A step that a run finished itself, not one kept from an earlier run. */
const finishedStep = /^step \d+\/\d+ ([^:]+): [\d.]+ s/;

/** A training that is killed at fewer steps shows little; it has more. */
const fewestSteps = 4;

/**
 * Kills after every step that no earlier run finished, until a run comes to its end; checks that its bundle is that of the
 * run which nobody disturbed. Returns how often it was killed.
 */
export async function killTraining(
  rig: OwnDataRig,
  { config, bundle, digest }: LearntSet,
  ledger: FaultLedger,
): Promise<number> {
  const out = join(rig.folder, "bundles", "killed");
  const work = join(rig.folder, "work-killed");
  const killedAt = new Set<string>();
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
      killed = true;
      void endChild(child, "SIGKILL");
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
  ledger.check(
    "a training is killed at its steps",
    killedAt.size >= fewestSteps,
    `it was killed at ${killedAt.size} steps`,
  );
  const [own, undisturbed] = [join(out, "manifest.json"), join(bundle, "manifest.json")].map(readIfThere);
  const same = own !== "" && own === undisturbed;
  ledger.check("a killed training gives the same bytes", same, `${digest}: ${killedAt.size} steps were seen`);
  return killedAt.size;
}

/**
 * `data init`, `data check` and `evaluate`, ended at six moments all over their run, or, quickly, the last at two: what they write is
 * there whole or not at all.
 */
export async function interruptCommands(
  rig: OwnDataRig,
  { dir, bundle }: LearntSet,
  { ledger, quick }: { readonly ledger: FaultLedger; readonly quick: boolean },
): Promise<number> {
  const own = join(rig.folder, "interrupted");
  cpSync(dir, own, { recursive: true });
  const key = join(rig.folder, "keys", "release.key");
  // Beside the recordings, as a bundle lies that was trained there.
  const judged = join(own, "judged");
  cpSync(bundle, judged, { recursive: true });
  const cases: readonly Omit<InterruptedCase, "ledger" | "moments">[] = [
    {
      args: ["data", "init", own],
      written: ["recordings.yaml", "train.yaml"].map((name) => join(own, name)),
    },
    { args: ["data", "check", join(own, "recordings.yaml"), "--json"], written: [] },
    {
      args: ["evaluate", judged, "--key", key, "--no-rebuild"],
      written: [`${judged}.verdict.dsse.json`],
    },
  ];
  const asked = quick ? cases.slice(-1) : cases;
  const moments = quick ? 2 : 6;
  for (const each of asked) await interruptCommand(rig, own, { ledger, moments, ...each });
  rmSync(own, { recursive: true });
  return asked.length * moments;
}

interface InterruptedCase {
  readonly ledger: FaultLedger;
  readonly moments: number;
  readonly args: readonly string[];
  /** Files that it writes. */
  readonly written: readonly string[];
}

async function interruptCommand(
  rig: OwnDataRig,
  folder: string,
  { args, written, ledger, moments }: InterruptedCase,
): Promise<void> {
  const name = args.slice(0, args[0] === "data" ? 2 : 1).join(" ");
  const run = async (): Promise<CommandEnd> => {
    for (const path of written) rmSync(path, { force: true });
    return await rig.aurora(...args);
  };
  const began = performance.now();
  const undisturbed = await run();
  const wholeMs = performance.now() - began;
  const texts = written.map(readIfThere);
  ledger.check(
    `${name} that nobody ends writes what it should`,
    undisturbed.code === 0 && texts.every((text) => text !== ""),
    `${undisturbed.code} ${undisturbed.stderr.slice(-400)}`,
  );
  const files = listVisible(folder);
  const halves: string[] = [];
  let met = 0;
  for (let moment = 0; moment < moments; moment++) {
    for (const path of written) rmSync(path, { force: true });
    const signal = moment % 2 === 0 ? "SIGKILL" : "SIGINT";
    if (await interrupt(rig, args, { afterMs: (wholeMs * (moment + 0.5)) / moments, signal })) met++;
    for (const [index, path] of written.entries()) {
      const text = readIfThere(path);
      // How long a window took is measured anew by every evaluation.
      const isWhole =
        args[0] === "evaluate" ? text === "" || isJson(text) : text === "" || text === texts[index];
      if (!isWhole) halves.push(`${signal} at ${moment + 0.5} of ${moments}: ${path}`);
    }
    const strange = listVisible(folder).filter((file) => !files.includes(file));
    if (strange.length > 0) halves.push(`left behind: ${strange.join(", ")}`);
  }
  ledger.check(
    `${name} that is ended at any moment writes nothing half`,
    halves.length === 0,
    halves.join("; "),
  );
  ledger.check(`${name} is ended while it runs`, met >= moments / 2, `${met} of ${moments} times`);
  const again = await rig.aurora(...args);
  ledger.check(
    `${name} after it gives what an undisturbed one does`,
    again.code === undisturbed.code &&
      (args[0] === "evaluate"
        ? written.every((path) => isJson(readIfThere(path)))
        : isSameAs(written, texts)) &&
      (written.length > 0 || again.stdout === undisturbed.stdout),
    `${again.code} ${again.stderr.slice(-400)}`,
  );
}

function isSameAs(paths: readonly string[], texts: readonly string[]): boolean {
  return paths.every((path, index) => readIfThere(path) === texts[index]);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Files below a folder that are not hidden: what a kill leaves of a temporary file is. */
function listVisible(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => !file.split("/").some((part) => part.startsWith(".")));
}
