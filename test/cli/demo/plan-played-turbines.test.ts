import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cwruManifest } from "../../../scripts/cwru-recordings.ts";
import { type PlayedPlanOptions, planPlayedTurbines } from "../../../src/cli/demo/plan-played-turbines.ts";
import { faultKinds } from "../../../src/core/contract/bundle/bearing-fault.ts";
import { dataFolder as dataDir } from "../../support/data-folder.ts";
import { inventedBearings, writeInventedData } from "../device/recordings.ts";

const trainGroups = ["DE_IR_7", "DE_OR_7", "DE_B_7"];
const heldOutGroups = ["FE_IR_14", "DE_OR_14", "DE_B_14"];

function options(change: Partial<PlayedPlanOptions> = {}): PlayedPlanOptions {
  const dataDir = writeInventedData();
  return {
    manifest: join(dataDir, "recordings.yaml"),
    dataDir,
    trainGroups,
    heldOutGroups,
    seed: 1,
    ...change,
  };
}

describe("planPlayedTurbines", () => {
  it("plays two healthy turbines and one held-out fault at the faulty bearing's own sensor", async () => {
    const base = options();
    const kinds = new Set<string>();
    const places = new Set<number>();
    for (let seed = 0; seed < 24; seed++) {
      const plan = await planPlayedTurbines({ ...base, seed });
      expect((await planPlayedTurbines({ ...base, seed })).turbines).toEqual(plan.turbines);
      expect(plan.turbines).toHaveLength(3);
      expect(plan.notices).toEqual([]);
      const healthy = plan.turbines.filter(({ truth }) => truth === "healthy");
      expect(healthy.map(({ entry }) => [entry.machine, entry.channel])).toEqual([
        ["normal", "DE"],
        ["normal", "FE"],
      ]);
      const faulty = plan.turbines[plan.expected.turbine]!;
      expect(faulty.truth).toBe(plan.expected.fault);
      const { label, machine, channel, bearing } = faulty.entry;
      expect(label).toBe(plan.expected.fault);
      expect(heldOutGroups).toContain(machine);
      expect(machine.startsWith(`${channel}_`)).toBe(true);
      expect(bearing).toMatchObject(inventedBearings[channel as "DE" | "FE"]);
      kinds.add(plan.expected.fault);
      places.add(plan.expected.turbine);
    }
    expect(kinds).toEqual(new Set(faultKinds));
    expect(places.size).toBe(3);
  });

  it("refuses bearings that the model was trained on, and says so when they are allowed", async () => {
    await expect(planPlayedTurbines(options({ heldOutGroups: [] }))).rejects.toMatchObject({
      code: "DATA_MISSING",
      hint: expect.stringContaining("--allow-training-data"),
    });
    const base = options({ heldOutGroups: [], allowTrainingData: true, kind: "ball" });
    const groups = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const plan = await planPlayedTurbines({ ...base, seed });
      const { entry, seenInTraining } = plan.turbines[plan.expected.turbine]!;
      groups.add(entry.machine);
      expect(seenInTraining).toBe(entry.machine === "DE_B_7");
      expect(plan.notices).toHaveLength(seenInTraining ? 1 : 0);
      if (seenInTraining) expect(plan.notices[0]).toContain("trained on this bearing (DE_B_7)");
    }
    expect(groups).toEqual(new Set(["DE_B_7", "DE_B_14"]));
  });

  it("refuses the normal recording when the model was trained on it", async () => {
    await expect(planPlayedTurbines(options({ trainGroups: ["normal"] }))).rejects.toMatchObject({
      code: "DATA_MISSING",
    });
  });

  it("says so when no held-out bearing has the wanted fault", async () => {
    await expect(planPlayedTurbines(options({ heldOutGroups: ["DE_OR_14"], kind: "ball" }))).rejects.toThrow(
      /ball/,
    );
  });

  it.skipIf(!existsSync(join(dataDir, "cwru", "index.json")))(
    "finds its parts in the real recordings (needs AURORA_DATA)",
    async () => {
      const held = ["DE_IR_14", "DE_OR_14", "DE_B_14"];
      for (const kind of faultKinds) {
        const plan = await planPlayedTurbines({
          manifest: cwruManifest,
          dataDir,
          trainGroups: [],
          heldOutGroups: held,
          seed: 3,
          kind,
        });
        const rates = plan.turbines.map(({ entry }) => entry.sampleRateHz);
        expect(rates.filter((rate) => rate === 48_000).length).toBeGreaterThanOrEqual(2);
        expect(held).toContain(plan.turbines[plan.expected.turbine]!.entry.machine);
      }
    },
  );
});
