/** What the three turbines of a demonstration play, and which alert must come of it. */
import { join } from "node:path";
import { z } from "zod";
import type { FaultKind } from "../../core/contract/bundle/bearing-fault.ts";
import type { Lineage } from "../../core/contract/bundle/lineage.ts";
import { withArticle } from "../../core/drift/describe-column.ts";
import type { DriftKind } from "../../core/simulate/drift-plan.ts";
import { planScenario } from "../../core/simulate/scenario.ts";
import { createTurbineSimulation } from "../../core/simulate/turbine-simulation.ts";
import { createPlayback } from "../device/recording-source.ts";
import { createSimulatedSource } from "../device/sample-source.ts";
import { shippedModelsDir } from "../installation.ts";
import { type DemoPlan, type DemoPoint, turbineId } from "./demo-turbine.ts";
import { planDriftDemo } from "./plan-drift.ts";
import { planPlayedTurbines } from "./plan-played-turbines.ts";

export interface DemoPlanOptions {
  readonly seed: number;
  /** `random`: drawn from the seed. */
  readonly fault: FaultKind | "random" | "none";
  /** Plays a drift instead of a fault, or weeks in which nothing drifts; null: neither. */
  readonly drift: DriftKind | "none" | null;
  /** Folder of the data sets: replays recordings. Null: simulates. */
  readonly dataDir: string | null;
  readonly allowTrainingData: boolean;
  /** Of the bundle that the gateway serves. */
  readonly lineage: Lineage;
  /** Recordings on which the bundle's own evaluation did not raise the right fault. */
  readonly missed: readonly MissedRecording[];
}

/** A held-out recording that the bundle is known to get wrong. */
interface MissedRecording {
  readonly file: string;
  /** What was raised instead, or null. */
  readonly raised: string | null;
}

/** Plans; the same options give the same samples. Fails with DATA_MISSING when no recording fits. */
export function planDemo(options: DemoPlanOptions): Promise<DemoPlan> {
  if (options.drift !== null) return Promise.resolve(planDriftDemo(options.seed, options.drift));
  return options.dataDir === null
    ? Promise.resolve(planSimulation(options))
    : planRecordings(options, options.dataDir);
}

const onePoint: readonly DemoPoint[] = [{ component: "generator-bearing", channel: 0 }];

function planSimulation({ seed, fault }: DemoPlanOptions): DemoPlan {
  const plan = fault === "none" ? null : planScenario(seed, fault === "random" ? {} : { kind: fault });
  const simulation = createTurbineSimulation({ seed, fault: plan ?? "none" });
  const turbines = simulation.turbines.map((turbine, index) => ({
    id: turbineId(index),
    source: createSimulatedSource(simulation, index),
    bearing: turbine.orders,
    points: onePoint,
    about: `simulated, bearing ${turbine.bearing.designation}`,
  }));
  if (plan === null) return { turbines, expected: null, notices: ["all three turbines are healthy"] };
  return {
    turbines,
    expected: { turbine: turbineId(plan.turbine), fault: plan.kind },
    notices: [
      `${turbineId(plan.turbine)} develops ${withArticle(plan.kind)} fault: it begins ${plan.onsetS} simulated seconds after the start and grows over ${plan.growthS} s`,
    ],
  };
}

async function planRecordings(options: DemoPlanOptions, dataDir: string): Promise<DemoPlan> {
  const { seed, fault, lineage } = options;
  const replay = await planPlayedTurbines({
    manifest: join(shippedModelsDir(), "bearing-vibration", "recordings.yaml"),
    dataDir,
    seed,
    trainGroups: lineage.data.flatMap((data) => data.trainGroups),
    heldOutGroups: lineage.data.flatMap((data) => data.heldOutGroups),
    allowTrainingData: options.allowTrainingData,
    ...(fault === "random" || fault === "none" ? {} : { kind: fault }),
  });
  const played = replay.turbines.filter((turbine) => fault !== "none" || turbine.truth === "healthy");
  const turbines = await Promise.all(
    played.map(async ({ entry, truth }, index) => {
      const end = entry.channel ?? "0";
      return {
        id: turbineId(index),
        source: createPlayback([{ ...(await replay.set.read(entry)), end }], true),
        bearing: entry.bearing,
        points: onePoint,
        about: `${entry.file}, sensor ${end}, ${entry.sampleRateHz} Hz (${truth})`,
      };
    }),
  );
  if (fault === "none") return { turbines, expected: null, notices: replay.notices };
  const expected = { turbine: turbineId(replay.expected.turbine), fault: replay.expected.fault };
  const faulty = replay.turbines[replay.expected.turbine]!;
  const miss = options.missed.find(({ file }) => file === faulty.entry.file);
  return {
    turbines,
    expected,
    notices: [
      `${expected.turbine} plays a recording of ${withArticle(expected.fault)} fault of a bearing that the model has ${
        replay.notices.length > 0 ? "possibly" : "not"
      } seen`,
      ...replay.notices,
      ...(miss === undefined
        ? []
        : [
            `the model card lists this recording as one that the model gets wrong (it raised ${miss.raised ?? "nothing"}): do not expect the right alert`,
          ]),
    ],
  };
}

const evaluationSchema = z.object({
  heldOut: z.object({
    recordings: z
      .array(
        z.object({
          file: z.string(),
          truth: z.string().nullable(),
          raised: z.string().nullable(),
        }),
      )
      .max(10_000),
  }),
});

/**
 * The faulty recordings on which something else than the truth was raised, each heard at its own fault's end; none
 * when the bundle does not say.
 */
export function parseMissedRecordings(evaluation: Uint8Array): MissedRecording[] {
  const parsed = evaluationSchema.safeParse(JSON.parse(Buffer.from(evaluation).toString("utf8")));
  if (!parsed.success) return [];
  return parsed.data.heldOut.recordings
    .filter(({ truth, raised }) => truth !== null && raised !== truth)
    .map(({ file, raised }) => ({ file, raised }));
}
