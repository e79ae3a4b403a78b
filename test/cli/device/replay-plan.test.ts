import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { planReplay, type ReplayPlanOptions } from "../../../src/cli/device/replay-plan.ts";
import { faultKinds } from "../../../src/core/contract/bundle/bearing-fault.ts";
import { dataFolder as dataDir } from "../../support/data-folder.ts";
import { writeInventedData } from "./recordings.ts";

const trainGroups = ["DE_IR_7", "DE_OR_7", "DE_B_7"];
const heldOutGroups = ["FE_IR_14", "DE_OR_14", "DE_B_14"];

function options(change: Partial<ReplayPlanOptions> = {}): ReplayPlanOptions {
  return { dataDir: writeInventedData(), trainGroups, heldOutGroups, seed: 1, ...change };
}

describe("planReplay", () => {
  it("plays two healthy turbines and one held-out fault at the faulty bearing's own sensor", async () => {
    const base = options();
    const kinds = new Set<string>();
    const places = new Set<number>();
    for (let seed = 0; seed < 40; seed++) {
      const plan = await planReplay({ ...base, seed });
      expect(plan).toEqual(await planReplay({ ...base, seed }));
      expect(plan.turbines).toHaveLength(3);
      expect(plan.notices).toEqual([]);
      const healthy = plan.turbines.filter(({ truth }) => truth === "healthy");
      expect(healthy.map(({ recording, end }) => [recording.fault, end])).toEqual([
        ["normal", "DE"],
        ["normal", "FE"],
      ]);
      const faulty = plan.turbines[plan.expected.turbine]!;
      expect(faulty.truth).toBe(plan.expected.fault);
      expect(faulty.end).toBe(faulty.recording.faultEnd);
      expect(heldOutGroups).toContain(faulty.recording.group);
      expect(faulty.bearing.bpfo).toBe(faulty.end === "DE" ? 3.5848 : 3.053);
      kinds.add(plan.expected.fault);
      places.add(plan.expected.turbine);
    }
    expect(kinds).toEqual(new Set(faultKinds));
    expect(places.size).toBe(3);
  });

  it("refuses bearings that the model was trained on, and says so when they are allowed", async () => {
    await expect(planReplay(options({ heldOutGroups: [] }))).rejects.toMatchObject({
      code: "DATA_MISSING",
      hint: expect.stringContaining("--allow-training-data"),
    });
    const base = options({ heldOutGroups: [], allowTrainingData: true, kind: "ball" });
    const groups = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const plan = await planReplay({ ...base, seed });
      const { recording, seenInTraining } = plan.turbines[plan.expected.turbine]!;
      groups.add(recording.group);
      expect(seenInTraining).toBe(recording.group === "DE_B_7");
      expect(plan.notices).toHaveLength(seenInTraining ? 1 : 0);
      if (seenInTraining) expect(plan.notices[0]).toContain("trained on this bearing (DE_B_7)");
    }
    expect(groups).toEqual(new Set(["DE_B_7", "DE_B_14"]));
  });

  it("refuses the normal recording when the model was trained on it", async () => {
    await expect(planReplay(options({ trainGroups: ["normal"] }))).rejects.toMatchObject({
      code: "DATA_MISSING",
    });
  });

  it("says so when no held-out bearing has the wanted fault", async () => {
    await expect(planReplay(options({ heldOutGroups: ["DE_OR_14"], kind: "ball" }))).rejects.toThrow(/ball/);
  });

  it.skipIf(!existsSync(join(dataDir, "cwru", "index.json")))(
    "finds its parts in the real recordings (needs AURORA_DATA)",
    async () => {
      const held = ["DE_IR_14", "DE_OR_14", "DE_B_14"];
      for (const kind of faultKinds) {
        const plan = await planReplay({ dataDir, trainGroups: [], heldOutGroups: held, seed: 3, kind });
        const rates = plan.turbines.map(({ recording }) => recording.sampleRateHz);
        expect(rates.filter((rate) => rate === 48_000).length).toBeGreaterThanOrEqual(2);
        expect(held).toContain(plan.turbines[plan.expected.turbine]!.recording.group);
      }
    },
  );
});
