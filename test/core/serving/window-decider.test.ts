import { describe, expect, it, vi } from "vitest";
import { bearingFeatureSpec, bearingWindow } from "../../../scripts/bearing-feature-spec.ts";
import { type AlertEvent, alertEventSchema } from "../../../src/core/contract/alert.ts";
import type { Decision } from "../../../src/core/contract/prediction.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { joinLogits } from "../../../src/core/decision/join-logits.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createWindowDecider } from "../../../src/core/serving/window-decider.ts";
import { createWorkGauge } from "../../../src/gateway/points/work-gauge.ts";
import { createDataQuality } from "../../../src/gateway/record/data-quality.ts";
import {
  createFakeBundle,
  createIdleBaselines,
  type FakeBundle,
  point,
  startMs,
  windowAt,
} from "../../gateway/fakes.ts";
import { decisionAt } from "../decision/alarms/decisions.ts";
import { feed } from "../decision/alarms/feed-register.ts";

/** Its features are those of bearings. */
function createBearingBundle(
  change: Parameters<typeof createFakeBundle>[1] = {},
  version = "1.0.0",
): FakeBundle {
  return createFakeBundle(version, {
    features: bearingFeatureSpec,
    groups: [...new Set(bearingFeatureSpec.list.map(({ group }) => group))],
    window: bearingWindow,
    ...change,
  });
}

function create(bundle: FakeBundle, orders: { readonly bsf?: number } = {}) {
  const decisions: Decision[] = [];
  const alerts: AlertEvent[] = [];
  /** How many came together. */
  const together: number[] = [];
  const dropped: string[] = [];
  const error = vi.fn();
  const register = createAlarmRegister();
  const quality = createDataQuality();
  const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.4, ...orders };
  const decider = createWindowDecider({
    point,
    bearing,
    watch: createIdleBaselines().create(point, {
      config: { baselineEpoch: 0, bearing },
      bundle,
      decider: undefined,
    }),
    register,
    isLike: (component) => component !== "pump",
    quality,
    load: createWorkGauge(),
    logger: {
      ...silentLogger,
      error: (message, fields) => {
        if (message === "a window could not be decided") dropped.push(String(fields?.window));
        else error();
      },
    },
    sink: {
      onDecision: (decision) => decisions.push(decision),
      onAlerts: (events) => {
        alerts.push(...events);
        together.push(events.length);
      },
    },
  });
  const submit = (index: number, owner = bundle): void =>
    decider.submit({ window: windowAt(index), bundle: owner, operatingState: "full-performance" });
  const types = (): string[] => alerts.map(({ type }) => type.split(".")[3]!);
  return { decisions, alerts, together, dropped, error, register, quality, decider, submit, types };
}

describe("a point's decider", () => {
  it("raises once, with the deployed student's reasons, and clears", async () => {
    const bundle = createFakeBundle();
    const { decider, submit, alerts, types, decisions } = create(bundle);
    bundle.answer = 9;
    for (const index of [0, 1, 2]) submit(index);
    await decider.idle();
    bundle.answer = -3;
    // A window each twenty minutes, for more than a day.
    for (let index = 1; index <= 160; index++) submit(1200 * index);
    await decider.idle();
    expect(types().filter((type) => type !== "updated")).toEqual(["raised", "cleared"]);
    expect(decisions).toHaveLength(163);
    const { explanation, score, model } = alerts[0]!.data;
    expect(explanation.groups.map(({ name }) => name)).toEqual(["level", "shape"]);
    expect(explanation.gap).toBeLessThan(1e-9);
    expect(score).toBe(9);
    expect(model).toEqual(bundle.ref);
  });

  it("raises nothing while the lines that stand out of a window stand on hum, and says so of an alert's", async () => {
    const names = bearingFeatureSpec.list.map(({ name }) => name);
    const h1 = names.indexOf("bpfi.h1");
    const features = Float32Array.from(names, (_, column) => (column === h1 ? 2.5 : 0.5));
    const play = async (change: object): Promise<AlertEvent[]> => {
      const bundle = createBearingBundle();
      bundle.answer = 9;
      const { decider, alerts } = create(bundle);
      for (let index = 0; index < 20; index++) {
        const window = windowAt(index, { features, ...change });
        decider.submit({ window, bundle, operatingState: "full-performance" });
      }
      await decider.idle();
      return alerts;
    };
    expect(await play({ foreignLines: { hum: [h1], shaft: [] } })).toEqual([]);
    expect((await play({})).map(({ type }) => type.split(".")[3])).toContain("raised");
    const [raised] = await play({
      foreignLines: { hum: [h1], shaft: [] },
      features: features.map((value, at) => (at === h1 + 1 ? 2.2 : value)),
    });
    expect(raised!.data.evidence!.against[1]).toMatch(/^1× stands on the mains' hum \(\d+ Hz\)$/);
  });

  it("raises nothing of pooled snapshots that lie together where a window by itself is just evidence", async () => {
    const play = async (change: object): Promise<number> => {
      const bundle = createFakeBundle();
      bundle.answer = 2;
      const { decider, alerts } = create(bundle);
      for (let index = 0; index < 60; index++)
        decider.submit({ window: windowAt(index, change), bundle, operatingState: "full-performance" });
      await decider.idle();
      return alerts.length;
    };
    expect(await play({ isPooled: true })).toBe(0);
    expect(await play({})).toBeGreaterThan(0);
  });

  it("names an older alarm of the same kind at a bearing like this one, and no other", async () => {
    const names = bearingFeatureSpec.list.map(({ name }) => name);
    const features = Float32Array.from(names, (name) => (name.startsWith("bpfi.h") ? 2.5 : 0.5));
    const play = async (component: string, sinceMs: number): Promise<readonly string[]> => {
      const bundle = createBearingBundle();
      bundle.answer = 9;
      const { decider, alerts, decisions, register } = create(bundle);
      const window = windowAt(0, { features });
      decider.submit({ window, bundle, operatingState: "full-performance" });
      await decider.idle();
      const mode = { ...decisions[0]!.modes[0]!, active: true, sinceMs };
      register.update({ ...decisions[0]!, point: { ...point, component }, modes: [mode] });
      for (let index = 1; index < 20; index++) {
        const next = windowAt(index, { features });
        decider.submit({ window: next, bundle, operatingState: "full-performance" });
      }
      await decider.idle();
      return alerts[0]!.data.evidence!.against;
    };
    const early = startMs - 3_600_000;
    expect(await play("drive-end", early)).toContainEqual(
      "drive-end, whose bearing is the same, has had this alarm since 2023-11-14 21:13:00 UTC: if both sit on one shaft, one fault may be heard at both, and it is where its lines stand higher",
    );
    const none = expect.not.arrayContaining([expect.stringContaining("has had this alarm")]);
    expect(await play("pump", early)).toEqual(none);
    expect(await play("drive-end", startMs + 3_600_000)).toEqual(none);
  });

  it("raises nothing of a line that has kept its hertz while the speed changed, as no fault's does", async () => {
    const names = bearingFeatureSpec.list.map(({ name }) => name);
    const h1 = names.indexOf("bpfi.h1");
    const features = Float32Array.from(names, (_, column) => (column === h1 ? 2.5 : 0.5));
    const play = async (orderAt: (shaftRpm: number) => number, changes: object[] = []): Promise<number> => {
      const bundles = [{}, ...changes].map((change, at) => createBearingBundle(change, `1.${at}.0`));
      const { decider, alerts } = create(bundles[0]!);
      for (let index = 0; index < 20; index++) {
        // At the one speed of the last windows nothing tells one from the other.
        const shaftRpm = 1780 + 10 * (changes.length > 0 ? Math.min(index, 4) : index % 5);
        const lineOrders = Float32Array.from(names, (_, at) => (at === h1 ? orderAt(shaftRpm) : Number.NaN));
        // Before it looks like a fault it has been heard at several speeds.
        const bundle = index < 5 ? bundles[0]! : bundles.at(-1)!;
        bundle.answer = index < 5 ? -9 : 9;
        const window = windowAt(index, { features, shaftRpm, lineOrders });
        decider.submit({ window, bundle, operatingState: "full-performance" });
      }
      await decider.idle();
      return alerts.length;
    };
    const steady = (shaftRpm: number): number => (162.6 * 60) / shaftRpm;
    expect(await play(steady)).toBe(0);
    expect(await play(() => 5.42)).toBeGreaterThan(0);
    // What was heard of it stays known where the model is published again, and not where it scores otherwise.
    expect(await play(steady, [{}])).toBe(0);
    const other = { scaler: { mean: [0, 0], inverseStd: [1, 1], clamp: 9 } };
    expect(await play(steady, [other])).toBeGreaterThan(0);
  });

  it("takes two modes for one fault where the bearing's lines do not tell them apart", async () => {
    const modes = ["inner-race", "outer-race", "ball"];
    const play = async (bsf: number): Promise<string[]> => {
      const bundle = createBearingBundle({
        outputs: modes.map((failureMode) => ({ failureMode, title: failureMode })),
        calibration: modes.map(() => ({ slope: 1, intercept: 0 })),
      });
      // Now the one leads and now the other, and at times neither is far from healthy.
      const inTurn = [
        [2.2, -3, 2.1],
        [2.1, -3, 2.2],
        [1.45, -3, 1.4],
      ];
      let next = 0;
      bundle.score = async () => ({
        quantised: new Uint8Array(modes.length),
        logits: Float64Array.from(inTurn[next++ % inTurn.length]!),
      });
      const { decider, types } = create(bundle, { bsf });
      const features = new Float32Array(bearingFeatureSpec.list.length);
      for (let index = 0; index < 60; index++) {
        decider.submit({ window: windowAt(index, { features }), bundle, operatingState: "full-performance" });
      }
      await decider.idle();
      return types();
    };
    expect(await play(4.71)).toEqual([]);
    expect(await play(5.45)).toContain("raised");
  });

  it("decides by both bands of a fast sensor, and says in the alert which of them led", async () => {
    const [loud, quiet] = [3, -1].map((logit) => ({
      quantised: Uint8Array.of(128 + 10 * logit),
      logits: Float64Array.of(logit),
    }));
    for (const [band, bands] of [
      ["upper", { lower: quiet!, upper: loud! }],
      ["lower", { lower: loud!, upper: quiet! }],
    ] as const) {
      const bundle = createFakeBundle();
      const logits = Float64Array.of(joinLogits(-1, 3));
      bundle.score = async () => ({ quantised: bands.lower.quantised, logits, bands });
      const { decider, alerts, decisions } = create(bundle);
      for (let index = 0; index < 120; index++) {
        const window = windowAt(index, { upperFeatures: Float32Array.of(0.5, 1.5) });
        decider.submit({ window, bundle, operatingState: "full-performance" });
      }
      await decider.idle();
      expect(decisions[0]!.modes[0]!.score).toBe(logits[0]);
      // As whoever reads the topic gets it.
      const { data } = alertEventSchema().parse(JSON.parse(JSON.stringify(alerts[0])));
      expect(data.explanation.band).toBe(band);
      const sum = data.explanation.groups.reduce(
        (total, { share }) => total + share,
        data.explanation.baseValue,
      );
      expect(sum).toBeCloseTo(data.score, 9);
    }
  });

  it("decides in the order in which windows ended, whichever answer comes first", async () => {
    const bundle = createFakeBundle();
    const answers: (() => void)[] = [];
    bundle.score = () =>
      new Promise((resolve) => {
        answers.push(() => resolve({ quantised: Uint8Array.of(128), logits: Float64Array.of(0) }));
      });
    const { decider, submit, decisions } = create(bundle);
    for (const index of [0, 1, 2]) submit(index);
    for (const answer of answers.toReversed()) answer();
    await decider.idle();
    expect(decisions.map(({ windowId }) => windowId)).toEqual([0, 1, 2].map((index) => windowAt(index).id));
  });

  it("counts a window that cannot be scored as dropped, and goes on", async () => {
    const bundle = createFakeBundle();
    const { decider, submit, decisions, dropped, quality } = create(bundle);
    bundle.answer = new Error("the engine failed");
    submit(0);
    bundle.answer = 0;
    submit(1);
    await decider.idle();
    expect(dropped).toEqual([windowAt(0).id]);
    expect(quality.total).toMatchObject({ processed: 1, dropped: 1 });
    expect(decisions.map(({ windowId }) => windowId)).toEqual([windowAt(1).id]);
  });

  it("alerts without reasons rather than not at all, the whole score as gap", async () => {
    const bundle = createFakeBundle();
    bundle.answer = 9;
    bundle.explains = false;
    const { decider, submit, alerts, dropped, error } = create(bundle);
    for (const index of [0, 1]) submit(index);
    await decider.idle();
    expect(dropped).toEqual([]);
    expect(alerts[0]!.data.explanation).toMatchObject({ groups: [], gap: 9 });
    expect(error).toHaveBeenCalledOnce();
  });

  it("holds a bundle from a window's end until it is decided and explained", async () => {
    const bundle = createFakeBundle();
    const { decider, submit } = create(bundle);
    submit(0);
    bundle.answer = new Error("the engine failed");
    submit(1);
    expect(bundle.holders).toBe(2);
    await decider.idle();
    expect(bundle.holders).toBe(0);
  });

  it("keeps an alarm over a new model, and clears it when that does not know the failure mode", async () => {
    const first = createFakeBundle("1.0.0");
    const same = createFakeBundle("1.1.0");
    const other = createFakeBundle("2.0.0", { outputs: [{ failureMode: "cage", title: "cage fault" }] });
    for (const bundle of [first, same]) bundle.answer = 9;
    const { decider, submit, types, alerts, dropped } = create(first);
    for (const index of [0, 1]) submit(index);
    for (const index of [2, 3]) submit(index, same);
    await decider.idle();
    expect(types()).toEqual(["raised"]);
    submit(4, other);
    await decider.idle();
    expect(types()).toEqual(["raised", "cleared"]);
    expect(alerts[1]!.data.failureMode).toBe("inner-race");
    expect(dropped).toEqual([]);
  });

  it("tells of all alarms together that end since the model does not know them", async () => {
    const bundle = createFakeBundle();
    const { decider, submit, together, register } = create(bundle);
    const modes = ["gear", "imbalance"].map((mode) => [mode, 0.9, 0] as const);
    feed(register, decisionAt(0, modes, { point }));
    submit(0);
    await decider.idle();
    expect(together).toEqual([2]);
  });

  it("knows nothing of a time without data; what has gathered and an alarm stay", async () => {
    const bundle = createFakeBundle();
    bundle.answer = 9;
    const { decider, submit, types, register, decisions } = create(bundle);
    submit(0);
    await decider.idle();
    const { fromMs, toMs } = windowAt(1);
    decider.noteMissing(fromMs, toMs);
    expect(decisions.at(-1)).toMatchObject({
      operatingState: "information-unavailable",
      modes: [],
    });
    expect(types()).toEqual([]);
    submit(2);
    await decider.idle();
    expect(types()).toEqual(["raised"]);
    decider.noteMissing(windowAt(4).fromMs, windowAt(4).toMs);
    expect(register.list(point.site, point.turbine)).toMatchObject([{ conditionActive: true }]);
  });
});
