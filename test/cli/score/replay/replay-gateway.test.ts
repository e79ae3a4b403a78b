/** Holds a replay of files against a real gateway's pipeline that gets the same blocks one by one. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRecording } from "../../../../src/cli/score/recordings/open-recording.ts";
import { planReplay } from "../../../../src/cli/score/replay/plan-replay.ts";
import { createPointHistory } from "../../../../src/cli/score/replay/point-history.ts";
import { renderReplay } from "../../../../src/cli/score/replay/render-replay.ts";
import { readManifest } from "../../../../src/cli/score/replay/replay-manifest.ts";
import { createReplayedPoint } from "../../../../src/cli/score/replay/replay-point.ts";
import { nameReplayedPoint, replayRecordings } from "../../../../src/cli/score/replay/replay-recordings.ts";
import type { ReplayRenewal } from "../../../../src/cli/score/replay/replay-renewals.ts";
import { createReplayedGateway } from "../../../../src/cli/score/replay/replayed-gateway.ts";
import { createDescriber } from "../../../../src/cli/score/sidecar/sidecar-options.ts";
import { readBundle } from "../../../../src/core/bundle/verify-bundle.ts";
import type { AlertEvent } from "../../../../src/core/contract/alert.ts";
import { gatewayConfigSchema } from "../../../../src/core/contract/config/gateway-config-schema.ts";
import type { Decision } from "../../../../src/core/contract/prediction.ts";
import { createAlarmRegister } from "../../../../src/core/decision/alarms/alarm-register.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";
import { type LoadedBundle, serveBundle } from "../../../../src/core/serving/loaded-bundle.ts";
import { createPipeline } from "../../../../src/gateway/points/pipeline.ts";
import { createSiteBaselines } from "../../../../src/gateway/points/site-baselines.ts";
import { createDataQuality } from "../../../../src/gateway/record/data-quality.ts";
import { openSampleFile } from "../../../../src/training/dataset/samples/sample-file.ts";
import { createFakeState } from "../../../gateway/fakes.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { shippedBundle } from "../recordings.ts";
import { type InventedRecording, inventLife, nameByTime, writeRecording } from "./invented-life.ts";

const commissioning = { minWindows: 64, minHours: 0.5 };
const component = "drive-end";
let bundle: LoadedBundle;

beforeAll(async () => {
  const options = { engine: "integer", logger: silentLogger } as const;
  bundle = await serveBundle(shippedBundle, await readBundle(shippedBundle), options);
});
afterAll(() => bundle.retire());

interface Heard {
  readonly decisions: Decision[];
  readonly alerts: AlertEvent[];
  readonly events: string[];
}

/** In the order of time; who says so is the manifest. */
type Renewals = readonly ReplayRenewal[];

/** A gateway that is up all the time, looks for silence every second, and gets each block when its last sample was taken. */
async function hearOnGateway(life: readonly InventedRecording[], renewals: Renewals = []): Promise<Heard> {
  const heard: Heard = { decisions: [], alerts: [], events: [] };
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "replay" },
    devices: [{ id: "mcu", connect: "mqtt" }],
    turbines: [
      {
        id: "replay",
        points: [
          { component, bundle: bundle.ref.name, device: "mcu", channel: "a", bearing: life[0]!.bearing },
        ],
      },
    ],
    operation: { standbyBelowRpm: 0 },
    commissioning,
  });
  let nowMs = life[0]!.timeMs;
  const register = createAlarmRegister();
  const baselines = createSiteBaselines({
    commissioning: config.commissioning,
    state: createFakeState(),
    logger: silentLogger,
    falsePerPointYear: () => config.alarms.falsePerTurbineYear,
    faultPrior: config.alarms.faultPrior,
    onEvent: (_, kind, detail) => heard.events.push(`${kind} ${detail}`),
    endAlarms: (order) => heard.alerts.push(...register.retire(order)),
  });
  const pipeline = createPipeline({
    config,
    bundleOf: () => bundle,
    register,
    quality: createDataQuality(),
    snapshots: new Map(),
    baselines,
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    logger: silentLogger,
    sink: {
      onDecision: (decision) => heard.decisions.push(decision),
      onAlerts: (events) => heard.alerts.push(...events),
      onQuarantine: () => {},
      onSchemaDrift: () => {},
    },
  });
  const waitUntil = (toMs: number): void => {
    for (; nowMs + 1000 <= toMs; pipeline.tick()) nowMs += 1000;
    nowMs = toMs;
  };
  const due = [...renewals];
  const renewUntil = async (toMs: number): Promise<void> => {
    for (; due[0] !== undefined && due[0].atMs <= toMs; due.shift()) {
      const [{ atMs, reason, found }] = due as [ReplayRenewal];
      waitUntil(atMs);
      await pipeline.idle();
      const order = { atMs, reason, by: "the manifest" };
      const foundOf = { foundHealthy: found === "healthy", foundFault: found === "fault" };
      baselines.renew({ turbine: "replay", component }, { ...order, ...foundOf });
    }
  };
  for (const { timeMs, counts, rateHz, scale, shaftRpm } of life) {
    await renewUntil(timeMs);
    waitUntil(timeMs);
    // The device counts on while it does not send.
    const first = Math.round(((timeMs - life[0]!.timeMs) * rateHz) / 1000);
    for (let at = 0; at < counts.length; at += 496) {
      const own = counts.subarray(at, at + 496);
      const untilMs = timeMs + ((at + own.length) * 1000) / rateHz;
      await renewUntil(untilMs);
      waitUntil(untilMs);
      pipeline.accept({
        deviceId: "mcu",
        channel: "a",
        unit: "g",
        timestampMs: timeMs + (at * 1000) / rateHz,
        firstSample: first + at,
        sampleRateHz: rateHz,
        scale,
        shaftRpm,
        counts: own,
        arrivedMonotonicMs: nowMs,
      });
    }
    await pipeline.idle();
  }
  await pipeline.close();
  return heard;
}

/** `reasons`: each that kept the point from learning comes in. */
async function replayFiles(
  files: readonly string[],
  renewals: Renewals = [],
  reasons = new Set<string>(),
): Promise<Heard> {
  const heard: Heard = { decisions: [], alerts: [], events: [] };
  const { recordings, errors } = await planReplay({
    input: files,
    manifest: null,
    points: [],
    course: null,
    describer: await createDescriber({}),
  });
  expect(errors).toEqual([]);
  const point = createReplayedPoint({
    point: nameReplayedPoint(component),
    bearing: recordings[0]!.description.sidecar.bearing,
    bundle,
    gateway: createReplayedGateway({ commissioning }),
    falsePerYear: 0.1,
    register: createAlarmRegister(),
    isLike: () => false,
    renewals,
    sink: {
      onDecision: (decision) => heard.decisions.push(decision),
      onAlerts: (events) => heard.alerts.push(...events),
      onBaseline: (_, { whyItLearnsNothing }, event) => {
        if (whyItLearnsNothing !== null) reasons.add(whyItLearnsNothing);
        if (event !== null) heard.events.push(`${event.kind} ${event.detail}`);
      },
      onLevel: () => {},
      onHeld: () => {},
      setAside: () => {},
      onStandby: () => {},
    },
  });
  for (const { file, timeMs, description } of recordings) {
    const samples = await openSampleFile(file, description.channel);
    await point.play(await openRecording(bundle, samples, description.sidecar), timeMs);
  }
  await point.close();
  return heard;
}

function writeLife(life: readonly InventedRecording[], folder: string): string[] {
  return life.map((recording) => writeRecording(folder, nameByTime(recording.timeMs), recording));
}

describe("a replay", () => {
  it("says what keeps a point from learning", async () => {
    const life = inventLife({ recordings: 6, healthy: 2, seconds: 26, everySeconds: 600 });
    const reasons = new Set<string>();
    const { alerts } = await replayFiles(writeLife(life, createTemporaryFolder()), [], reasons);
    expect(alerts).toHaveLength(1);
    expect([...reasons].at(-1)).toMatch(/^nothing is learnt as long as its alarm of .* stands/);
  });

  it("decides, learns and raises what a gateway did that got the same blocks", async () => {
    const life = inventLife({ recordings: 12, healthy: 9, seconds: 26, everySeconds: 600 });
    const onGateway = await hearOnGateway(life);
    const files = writeLife(life, createTemporaryFolder());
    const replayed = await replayFiles(files.reverse());
    expect(replayed).toEqual(onGateway);
    expect(onGateway.events[0]).toMatch(/^(provisional|ready) version 1/);
    expect(onGateway.alerts.map(({ type, data }) => `${type} ${data.failureMode}`)).toContain(
      "io.aurora.alert.raised.v1 outer-race",
    );
    // Between the recordings nothing was known.
    const unknown = onGateway.decisions.filter(
      ({ operatingState }) => operatingState === "information-unavailable",
    );
    expect(unknown).toHaveLength(life.length - 1);
  });

  it("is renewed as a gateway is: between recordings or within one, with an alarm that stands or ends", async () => {
    const life = inventLife({ recordings: 16, healthy: 6, seconds: 26, everySeconds: 600 });
    const within = (index: number): number => life[index]!.timeMs + 13_250;
    const renewals: Renewals = [
      { atMs: within(9), reason: "bearing replaced", found: "fault" },
      { atMs: life[12]!.timeMs - 90_000, reason: "endoscope: raceways clean", found: "healthy" },
    ];
    const onGateway = await hearOnGateway(life, renewals);
    const folder = createTemporaryFolder();
    const files = writeLife(life, folder);
    expect(await replayFiles(files, renewals)).toEqual(onGateway);
    expect(onGateway.alerts.map(({ type, data }) => [type, data.clearedBecause])).toContainEqual([
      "io.aurora.alert.cleared.v1",
      "found healthy by the manifest: endoscope: raceways clean",
    ]);
    const manifest = join(folder, "manifest.json");
    const [repair, look] = renewals.map(({ atMs, ...order }) => ({ ...order, time: new Date(atMs) }));
    writeFileSync(manifest, JSON.stringify({ recordings: [{ file: "*.npy", renewedAt: [repair, look] }] }));
    const entries = await readManifest(manifest);
    const plan = await planReplay({
      input: files,
      manifest: { path: manifest, entries },
      points: [{ name: component, patterns: ["*"], channel: null }],
      course: null,
      describer: await createDescriber({}),
    });
    const { points } = await replayRecordings(bundle, {
      plan,
      gateway: createReplayedGateway({ commissioning }),
      addRows: () => Promise.resolve(),
      progress: () => {},
    });
    const { baseline: _, ...manifestWithout } = bundle.manifest;
    const unlearning: LoadedBundle = Object.create(bundle, { manifest: { value: manifestWithout } });
    const request = { plan, gateway: createReplayedGateway(), addRows: () => Promise.resolve() };
    await expect(replayRecordings(unlearning, { ...request, progress: () => {} })).rejects.toThrow(
      /knows no baselines, and none can be renewed/,
    );
    const [point] = points;
    expect(point!.reference.map(({ kind, detail }) => `${kind} ${detail}`)).toEqual(onGateway.events);
    expect(point!.reference.find(({ kind }) => kind === "renewed")).toEqual({
      at: new Date(within(9)).toISOString(),
      kind: "renewed",
      detail: "by the manifest: found a fault, bearing replaced (version 1 is let go)",
    });
    expect(point!.alarms[0]).toMatchObject({
      clearedAt: "2004-02-12T12:31:09Z",
      clearedReason: "found healthy by the manifest: endoscope: raceways clean",
      whyItStands: null,
    });
    const budget = { falsePerTurbineYear: 0.1, points: 1, turbines: [] };
    expect(renderReplay(points, budget, 0)).toContain(
      "2004-02-12T12:31:09Z  cleared outer race fault: found healthy by the manifest: endoscope: raceways clean\n",
    );
  });

  it("goes on where one recording follows upon another without a gap, as a stream would", async () => {
    const life = inventLife({ recordings: 4, healthy: 1, seconds: 10, everySeconds: 10 });
    const onGateway = await hearOnGateway(life);
    const replayed = await replayFiles(writeLife(life, createTemporaryFolder()));
    expect(replayed).toEqual(onGateway);
    // Windows go over the edges: were each recording cut alone, the last part of each would be lost.
    const samples = life.reduce((sum, { counts }) => sum + counts.length, 0);
    const windowMs = onGateway.decisions.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
    expect((samples * 1000) / life[0]!.rateHz - windowMs).toBeLessThan(3000);
  });

  it.each([
    [0.25, 70],
    [1.5, 70],
  ])("makes of snapshots of %d s every %d s what a gateway does", async (seconds, everySeconds) => {
    const life = inventLife({ recordings: 40, healthy: 30, seconds, everySeconds });
    const onGateway = await hearOnGateway(life);
    expect(await replayFiles(writeLife(life, createTemporaryFolder()))).toEqual(onGateway);
    // Also where none of them holds a window: each is one of its own.
    const known = onGateway.decisions.filter(
      ({ operatingState }) => operatingState !== "information-unavailable",
    );
    expect(known.length).toBeGreaterThan(36);
  });

  it("hears snapshots of which a block was set aside in what lies before and after it, as a gateway does", async () => {
    const whole = inventLife({ recordings: 40, healthy: 30, seconds: 1.5, everySeconds: 70 });
    const life = whole.map((each, index) => {
      const counts = each.counts.slice();
      const at = 496 * (2 + (index % Math.floor(counts.length / 496 - 4)));
      return { ...each, counts: counts.fill(32_767, at, at + 496) };
    });
    const onGateway = await hearOnGateway(life);
    expect(await replayFiles(writeLife(life, createTemporaryFolder()))).toEqual(onGateway);
    const known = onGateway.decisions.filter(
      ({ operatingState }) => operatingState !== "information-unavailable",
    );
    // Each is one, of all its time; but for the last one, which no pause ended.
    expect(known.map(({ fromMs, toMs }) => [fromMs, Math.round(toMs - fromMs)])).toEqual(
      life.slice(0, -1).map(({ timeMs }) => [timeMs, 1500]),
    );
    expect(onGateway.alerts.map(({ type, data }) => `${type} ${data.failureMode}`)).toContain(
      "io.aurora.alert.raised.v1 outer-race",
    );
  });

  it("hears snapshots that are by turns longer and shorter than a window, as a gateway does", async () => {
    const life = inventLife({ recordings: 20, healthy: 12, seconds: 5, everySeconds: 70 }).map(
      (each, index) => ({
        ...each,
        counts: index % 2 === 0 ? each.counts : each.counts.slice(0, 1.5 * each.rateHz),
      }),
    );
    const onGateway = await hearOnGateway(life);
    expect(await replayFiles(writeLife(life, createTemporaryFolder()))).toEqual(onGateway);
    const known = onGateway.decisions.filter(
      ({ operatingState }) => operatingState !== "information-unavailable",
    );
    // The last one is decided when the pause after it is known.
    const short = known.filter(({ fromMs, toMs }) => toMs - fromMs < 1600);
    expect(short).toHaveLength(9);
  });

  it("knows that recordings are whole, and hears all of them however soon one follows", async () => {
    const life = inventLife({ recordings: 10, seconds: 1.5, everySeconds: 2 });
    const { points } = await replayRecordings(bundle, {
      plan: await planReplay({
        input: writeLife(life, createTemporaryFolder()),
        manifest: null,
        points: [],
        course: null,
        describer: await createDescriber({}),
      }),
      gateway: createReplayedGateway({ commissioning }),
      addRows: () => Promise.resolve(),
      progress: () => {},
    });
    expect(points).toMatchObject([{ recordings: 10, windows: 10, unheardRecordings: 0 }]);
  });

  it("tells the history of a point as it was decided", async () => {
    const life = inventLife({ recordings: 12, healthy: 9, seconds: 26, everySeconds: 600 });
    const onGateway = await hearOnGateway(life);
    const plan = await planReplay({
      input: writeLife(life, join(createTemporaryFolder())),
      manifest: null,
      points: [{ name: component, patterns: ["*"], channel: null }],
      course: null,
      describer: await createDescriber({}),
    });
    const { points, errors } = await replayRecordings(bundle, {
      plan,
      gateway: createReplayedGateway({ commissioning }),
      addRows: () => Promise.resolve(),
      progress: () => {},
    });
    expect(errors).toEqual([]);
    const [point] = points;
    const raised = onGateway.alerts.find(({ type }) => type === "io.aurora.alert.raised.v1")!;
    expect(point).toMatchObject({
      point: component,
      state: "own-reference",
      from: "2004-02-12T10:32:39Z",
      recordings: 12,
      windows: onGateway.decisions.filter(({ modes }) => modes.length > 0).length,
      setAside: { windows: 0, samples: {}, recordings: { sameTime: 0, overlapping: 0 } },
    });
    expect(point!.alarms[0]).toMatchObject({ failureMode: "outer-race", severity: "warning" });
    expect(Date.parse(point!.alarms[0]!.raisedAt)).toBe(Date.parse(raised.time));
    expect(point!.alarms[0]!.reason).toMatch(
      /^score \d+\.\d above this machine's own when healthy \(probability [01]\.\d\d\) within \d+ (s|min)/,
    );
    expect(Date.parse(point!.learntAt!)).toBeLessThan(Date.parse(raised.time));
    expect(createPointHistory("never heard of").report()).toMatchObject({
      learntAt: null,
      alarms: [],
      from: null,
    });
  });
});
