/** Plays a demonstration of drift to its end, with the tests' own bundle. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DemoReport } from "../../../src/cli/demo/demo-watch.ts";
import { createKeyPair, parsePrivateKey } from "../../../src/core/bundle/keys.ts";
import { writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { bearingLevelSpec } from "../../../src/core/features/bearing-level-spec.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { createTestBundle } from "../../support/test-bundle.ts";
import { startAurora } from "../aurora.ts";

export interface PlayedDrift {
  readonly code: number | null;
  readonly report: DemoReport;
  /** What it said meanwhile. */
  readonly said: string;
}

export async function playDrift(...args: readonly string[]): Promise<PlayedDrift> {
  const models = createTemporaryFolder();
  const pair = createKeyPair();
  const name = "bearing-vibration";
  const reference = bearingLevelSpec.list.map(() => ({ locationDb: -20, scaleDb: 4 }));
  const baseline = { levels: bearingLevelSpec, reference, minWindows: 64 };
  const folder = join(models, name, "1.0.0");
  await writeBundle(folder, createTestBundle({ name, baseline }), parsePrivateKey(pair.privateKeyPem));
  writeFileSync(join(models, "release.pub"), pair.publicKeyPem);
  const { finished } = startAurora(["demo", "--models", models, "--until", "drift", "--json", ...args]);
  const { code, stdout, stderr } = await finished;
  return { code, report: JSON.parse(stdout) as DemoReport, said: stderr };
}
