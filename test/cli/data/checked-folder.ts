/** Invented recordings in a folder, their manifest, and what `aurora data check` finds in them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DataCheck } from "../../../src/cli/data/check-recordings.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";
import { bearing, inventCounts, rateHz, rpm, writeCounts } from "./invented-folder.ts";

const geometry = "balls=9,ball_diameter=7.94,pitch_diameter=39.04";

/** 16 windows: two such recordings are as many as a training takes. */
const healthySamples = 32 * rateHz;

/** Four machines in three formats, nothing wrong with them but their number. */
export function writeGood(): string {
  const dir = createTemporaryFolder();
  writeCounts(dir, "healthy/t1/a.wav", inventCounts({ seed: 1, samples: healthySamples }));
  writeCounts(dir, "healthy/t1/b.wav", inventCounts({ seed: 2, samples: healthySamples }));
  writeCounts(dir, "healthy/t2/a.npy", inventCounts({ seed: 3 }));
  writeCounts(dir, "inner-race/t3/a.csv", inventCounts({ seed: 4, fault: "inner-race" }));
  writeCounts(dir, "inner-race/t4/a.npy", inventCounts({ seed: 5, fault: "inner-race" }));
  return dir;
}

export const known: readonly string[] = [
  "--rate-hz",
  `${rateHz}`,
  "--shaft-rpm",
  `${rpm}`,
  "--unit",
  "g",
  "--scale",
  "0.001",
  "--bearing",
  geometry,
];

export async function check(
  ...args: string[]
): Promise<{ readonly code: number | null; readonly check: DataCheck }> {
  const { code, stdout } = await auroraHere("data", "check", ...args, "--json");
  return { code, check: JSON.parse(stdout) as DataCheck };
}

/** A manifest over files that are in the folder. */
export function writeManifest(dir: string, entries: readonly object[], common: object = {}): string {
  const path = join(dir, "recordings.yaml");
  const all = { rateHz, rpm, unit: "g", scale: 0.001, bearing, ...common };
  writeFileSync(path, JSON.stringify({ ...all, recordings: entries }, null, 1));
  return path;
}
