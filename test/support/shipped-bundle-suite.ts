/** The shipped bearing bundle on simulated turbines: one suite, of a few turbines for every day and of many for the long run. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadTrustedKeys } from "../../src/core/bundle/keys.ts";
import { verifyBundle } from "../../src/core/bundle/verify-bundle.ts";
import { faultKinds } from "../../src/core/contract/bundle/bearing-fault.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { type LoadedBundle, serveBundle } from "../../src/core/serving/loaded-bundle.ts";
import { findNewestVersion } from "../../src/core/serving/served-models.ts";
import { planScenario } from "../../src/core/simulate/scenario.ts";
import { runScenario } from "./scenario-run.ts";

/** How much is tried. */
export interface ShippedBundleTrials {
  /** Scenarios, of which so many may be missed. */
  readonly seeds: number;
  readonly missedSeeds: number;
  /** Scenarios of each kind of fault, a multiple of the three turbines, of which so many may be missed. */
  readonly seedsOfKind: number;
  readonly missedOfKind: number;
  /** How long healthy turbines are listened to. */
  readonly healthySeconds: number;
}

const models = join(import.meta.dirname, "..", "..", "models");

/** Describes it; call it in a test file. */
export function describeShippedBundle(trials: ShippedBundleTrials): void {
  let bundle: LoadedBundle;
  beforeAll(async () => {
    const dir = await findNewestVersion(models, "bearing-vibration");
    const verified = await verifyBundle(dir, await loadTrustedKeys(join(models, "release.pub")));
    bundle = await serveBundle(dir, verified, { engine: "auto", logger: silentLogger });
  });
  afterAll(() => bundle.retire());

  describe("the shipped bundle on simulated turbines, whose signals training never saw", () => {
    const { seeds, missedSeeds, seedsOfKind, missedOfKind, healthySeconds } = trials;

    it(`finds the right turbine and the right kind of fault in at least ${seeds - missedSeeds} of ${seeds} seeds, and no healthy turbine alerts`, async () => {
      const failures: string[] = [];
      for (let seed = 1; seed <= seeds; seed++) {
        const plan = planScenario(seed);
        const { alerts } = await runScenario(bundle, { seed, fault: plan }, 60);
        const told = alerts.map(({ data }) => `${data.turbine} ${data.failureMode}`);
        const expected = `WT0${plan.turbine + 1}`;
        expect(
          told.filter((alert) => !alert.startsWith(expected)),
          `seed ${seed}`,
        ).toEqual([]);
        if (told[0] !== `${expected} ${plan.kind}`)
          failures.push(`seed ${seed}: ${expected} ${plan.kind}, told ${told}`);
      }
      expect(failures.length, failures.join("; ")).toBeLessThanOrEqual(missedSeeds);
    });

    it.each(faultKinds)("finds %s faults on every turbine", async (kind) => {
      const missed: number[] = [];
      for (let seed = 101; seed <= 100 + seedsOfKind; seed++) {
        const turbine = seed % 3;
        const fault = planScenario(seed, { kind, turbine });
        const { alerts } = await runScenario(bundle, { seed, fault }, 60);
        expect(
          alerts.every(({ data }) => data.turbine === `WT0${turbine + 1}`),
          `seed ${seed}`,
        ).toBe(true);
        if (alerts[0]?.data.failureMode !== kind) missed.push(seed);
      }
      expect(missed.length, `missed seeds ${missed}`).toBeLessThanOrEqual(missedOfKind);
    });

    it(`stays quiet for ${healthySeconds / 60} minutes while all turbines are healthy`, async () => {
      const { alerts, quality } = await runScenario(bundle, { seed: 4, fault: "none" }, healthySeconds);
      expect(alerts).toEqual([]);
      expect(quality.processed).toBeGreaterThan((healthySeconds * 1000) / 900);
      expect(quality.dropped).toBe(0);
    });
  });
}
