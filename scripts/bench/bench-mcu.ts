/** The microcontroller's part of the benchmark: cost of inference, features and whole chain by core, flash and RAM by part. */
import { type Footprint, measureFootprint } from "../mcu/footprint.ts";
import { type ChainCost, measureChain } from "../mcu/measure-chain.ts";
import {
  type FeatureCost,
  type InferenceCost,
  measureFeatures,
  measureInference,
} from "../mcu/measure-cost.ts";
import { coreNames, cores, findMissingPackages } from "../mcu/toolchain.ts";

/** All figures, or why there are none. */
export type McuBench =
  | {
      /** Modelled, not measured on silicon: see scripts/mcu/cycle-model.ts, cycle-model-m7.ts, flash-model.ts. */
      readonly cycles: "zero-wait-state model";
      readonly inference: readonly InferenceCost[];
      readonly features: readonly FeatureCost[];
      readonly chain: readonly ChainCost[];
      readonly footprint: readonly Footprint[];
      readonly published: typeof publishedPeers;
    }
  | { readonly skipped: string };

/** What others published for a 32-16-4 student on a Cortex-M4. */
export const publishedPeers = [
  { runtime: "TensorFlow Lite Micro + CMSIS-NN", cycles: 5418, flashBytes: 69_640, ramBytes: 11_040 },
  { runtime: "BakeNN", cycles: 3786, flashBytes: 20_920, ramBytes: null },
] as const;

/** Measures everything in about a minute; skips by name without the Debian packages. */
export async function measureMcu(): Promise<McuBench> {
  const missing = findMissingPackages();
  if (missing.length > 0) return { skipped: `without the Debian packages ${missing.join(", ")}` };
  return {
    cycles: "zero-wait-state model",
    inference: measureInference(),
    features: await measureFeatures(),
    chain: await measureChain(),
    footprint: coreNames.filter((core) => cores[core].features).map(measureFootprint),
    published: publishedPeers,
  };
}
