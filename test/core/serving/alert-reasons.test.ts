import { describe, expect, it, vi } from "vitest";
import type { Decision, ModeDecision } from "../../../src/core/contract/prediction.ts";
import type { FeatureWindow } from "../../../src/core/contract/stream.ts";
import type { OpenAlarm } from "../../../src/core/decision/alarms/alarm-register.ts";
import { packHealthyRows } from "../../../src/core/decision/reference/healthy-rows.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createAlertReasons } from "../../../src/core/serving/alert-reasons.ts";
import { createFakeBundle, type FakeBundle, point, startMs, windowAt } from "../../gateway/fakes.ts";

const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.4 };
const line = (harmonic: number, group: string) => ({
  name: `bpfi.h${harmonic}`,
  operator: "order-log-snr",
  chain: "envelope",
  params: { order: "bpfi", harmonic, tolerance: 0.02 },
  group,
});
const features = {
  catalogueVersion: 1,
  chains: [{ name: "envelope", kind: "envelope-order", params: {} }],
  list: [line(1, "level"), line(2, "shape")],
};

/** Learnt at the speeds of the windows. */
const shaftRpm = { min: 1454, max: 1507, reference: 1490 };

function create(featureRows: readonly (readonly number[])[]) {
  const error = vi.fn();
  const watch = { healthyRows: packHealthyRows(featureRows.length === 0 ? null : { shaftRpm, featureRows }) };
  return {
    watch,
    error,
    reasons: createAlertReasons({ bearing, watch, logger: { ...silentLogger, error } }),
  };
}

function explained(bundle: FakeBundle, index: number, change: Partial<FeatureWindow> = {}, logits = [3]) {
  const output = { quantised: Uint8Array.of(158), logits: Float64Array.from(logits) };
  return { window: windowAt(index, change), output, bundle, powerKw: 800 + index };
}

function dueAt(bundle: FakeBundle, sinceMs: number) {
  const mode: ModeDecision = {
    failureMode: "inner-race",
    probability: 0.95,
    score: 3,
    threshold: 0.8,
    active: true,
    sinceMs,
  };
  const decision: Decision = {
    point,
    windowId: "w",
    fromMs: sinceMs,
    toMs: sinceMs + 1000,
    operatingState: "full-performance",
    model: bundle.ref,
    modes: [mode],
  };
  return { transition: "raised", output: 0, sinceMs, decision, mode } as const;
}

describe("the reasons of an alert", () => {
  it("are the lines of the windows since it began, against the machine's own healthy ones", async () => {
    const bundle = createFakeBundle("1.0.0", { features });
    const { reasons } = create([
      [0.4, 1],
      [0.5, 1],
      [9, 1],
    ]);
    // The first ended before the alarm began.
    const windows = [1490, 1500, 1510].map((shaftRpm, index) =>
      explained(bundle, index, { shaftRpm, features: Float32Array.of(2.5, 0.5) }),
    );
    for (const each of windows) reasons.note(each);
    const [context] = await reasons.give([dueAt(bundle, startMs + 1000)], windows[2]!);
    const { evidence, explanation } = context!;
    expect(evidence).toMatchObject({
      since: new Date(startMs + 1000).toISOString(),
      windows: 2,
      speedRpm: { min: 1500, max: 1510 },
      loadKw: { min: 801, max: 802 },
      harmonics: { found: 1, of: 2 },
      sideBands: { found: 0, of: 0 },
    });
    // 2.5 and 0.5 against medians of 0.5 and 1.
    expect(evidence!.lines[0]!.dbAboveHealthy).toBeCloseTo((2 * 20) / Math.LN10, 5);
    expect(evidence!.lines[1]!.dbAboveHealthy).toBeCloseTo((-0.5 * 20) / Math.LN10, 5);
    // The fake student says 3 of everything: both backgrounds score alike.
    expect(explanation).toMatchObject({ baseValue: 3, bundleBaseValue: 3 });
  });

  it.each([
    [1440, "it was heard at 1440 to 1442 rpm, below the 1454 to 1507 rpm that its reference was learnt at"],
    [
      1448.5,
      "it was mostly heard at 1449 to 1450 rpm, below the 1454 to 1507 rpm that its reference was learnt at",
    ],
    [1452, undefined],
    [1512, "it was heard at 1512 to 1514 rpm, above the 1454 to 1507 rpm that its reference was learnt at"],
  ])("say that it was heard at speeds that were not learnt (from %d rpm on)", async (fromRpm, said) => {
    const bundle = createFakeBundle("1.0.0", { features });
    const { reasons } = create([[0.4, 1]]);
    const windows = [0, 1, 2].map((index) =>
      explained(bundle, index, { shaftRpm: fromRpm + index, features: Float32Array.of(2.5, 2.5) }),
    );
    for (const each of windows) reasons.note(each);
    const [context] = await reasons.give([dueAt(bundle, startMs)], windows[2]!);
    expect(context!.evidence!.against.find((each) => each.startsWith("it was"))).toBe(said);
    if (said !== undefined) expect(context!.evidence!.sentence).toContain(`against it: ${said}`);
  });

  it.each([
    [
      1700,
      [
        "it was heard at 1700 rpm, above the 1454 to 1507, 1000 to 1300 and 500 to 600 rpm that its reference was learnt at",
      ],
    ],
    [
      1400,
      [
        "it was heard at 1400 rpm, outside the 1454 to 1507, 1000 to 1300 and 500 to 600 rpm that its reference was learnt at",
      ],
    ],
  ])("object to a speed that lies between learnt ones (at %d rpm)", async (rpm, said) => {
    const bundle = createFakeBundle("1.0.0", { features });
    const at = (min: number, max: number) => ({ min, max, reference: min });
    const speeds = [at(1454, 1507), at(1000, 1300), at(500, 600)];
    const watch = { healthyRows: { ...packHealthyRows({ shaftRpm }), speeds } };
    const reasons = createAlertReasons({ bearing, watch, logger: silentLogger });
    const heard = explained(bundle, 0, { shaftRpm: rpm, features: Float32Array.of(2.5, 2.5) });
    reasons.note(heard);
    const [context] = await reasons.give([dueAt(bundle, startMs)], heard);
    expect(context!.evidence!.against.filter((each) => each.startsWith("it was"))).toEqual(said);
  });

  it("rest on the bundle alone until the machine is known, and know it from then on", async () => {
    const bundle = createFakeBundle("1.0.0", { features });
    const { reasons, watch } = create([]);
    const window = explained(bundle, 0, { features: Float32Array.of(2.5, 0.5) });
    reasons.note(window);
    const give = async () => (await reasons.give([dueAt(bundle, startMs)], window))[0]!;
    const before = await give();
    expect(before.explanation).not.toHaveProperty("bundleBaseValue");
    expect(before.evidence!.lines[0]!.dbAboveHealthy).toBeNull();
    // Rows of another model's features are none of this one's.
    watch.healthyRows = packHealthyRows({ shaftRpm, featureRows: [[1, 2, 3]] });
    expect((await give()).explanation).not.toHaveProperty("bundleBaseValue");
    watch.healthyRows = packHealthyRows({ shaftRpm, featureRows: [[0.5, 1]] });
    const after = await give();
    expect(after.explanation).toHaveProperty("bundleBaseValue");
    expect(after.evidence!.lines[0]!.dbAboveHealthy).toBeCloseTo((2 * 20) / Math.LN10, 5);
  });

  it("forget what another model was given, and name no line where a bundle looks for none", async () => {
    const first = createFakeBundle("1.0.0", { features });
    const second = createFakeBundle("2.0.0");
    const { reasons } = create([]);
    for (const index of [0, 1]) reasons.note(explained(first, index));
    const third = explained(second, 2);
    reasons.note(third);
    const [none] = await reasons.give([dueAt(second, startMs)], third);
    expect(none!.evidence).toBeNull();
    const fourth = explained(first, 3, { features: Float32Array.of(2.5, 0.5) });
    reasons.note(fourth);
    const [again] = await reasons.give([dueAt(first, startMs)], fourth);
    expect(again!.evidence!.windows).toBe(1);
    // Published again it is given the same.
    const republished = createFakeBundle("1.1.0", { features });
    const fifth = explained(republished, 4, { features: Float32Array.of(2.5, 0.5) });
    reasons.note(fifth);
    const [both] = await reasons.give([dueAt(republished, startMs)], fifth);
    expect(both!.evidence!.windows).toBe(2);
  });

  it("of a window that its device did not tell are what is known of those before it", async () => {
    const bundle = createFakeBundle("1.0.0", { features });
    const { reasons } = create([]);
    reasons.note(explained(bundle, 0, { features: Float32Array.of(2.5, 0.5) }));
    const untold = explained(bundle, 1, { features: new Float32Array(0) });
    reasons.note(untold);
    const [context] = await reasons.give([dueAt(bundle, startMs)], untold);
    expect(context!.explanation).toBeNull();
    expect(context!.evidence!.windows).toBe(1);
  });

  it.each([
    [5.42, "an alarm of ball, which looks alike there,"],
    [4.71, undefined],
  ])(
    "name an older alarm of another kind where lines do not tell the two apart (bsf %d)",
    async (bsf, said) => {
      const ball = {
        ...line(1, "shape"),
        name: "bsf.h1",
        params: { order: "bsf", harmonic: 1, tolerance: 0.02 },
      };
      const bundle = createFakeBundle("1.0.0", { features: { ...features, list: [line(1, "level"), ball] } });
      const { watch } = create([]);
      const reasons = createAlertReasons({ bearing: { ...bearing, bsf }, watch, logger: silentLogger });
      const heard = explained(bundle, 0, { features: Float32Array.of(2.5, 2.5) });
      reasons.note(heard);
      const older = {
        component: "drive-end",
        failureMode: "ball",
        conditionActive: true,
        sinceMs: startMs - 3_600_000,
      } as OpenAlarm;
      const [context] = await reasons.give([dueAt(bundle, startMs)], heard, [older]);
      const told = context!.evidence!.against.find((each) => each.startsWith("drive-end"));
      expect(told?.match(/has had (.*) since/)?.[1]).toBe(said);
    },
  );

  it("keep the lines where the student cannot be asked", async () => {
    const bundle = createFakeBundle("1.0.0", { features });
    bundle.explains = false;
    const { reasons, error } = create([]);
    const window = explained(bundle, 0, { features: Float32Array.of(2.5, 0.5) });
    reasons.note(window);
    const [context] = await reasons.give([dueAt(bundle, startMs)], window);
    expect(context!.explanation).toBeNull();
    expect(context!.evidence!.lines).toHaveLength(2);
    expect(error).toHaveBeenCalledOnce();
  });
});
