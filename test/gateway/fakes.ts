/** Stand-ins for what surrounds the gateway's parts, so that each can be looked at alone. */
import type { AlertEvent } from "../../src/core/contract/alert.ts";
import type { Manifest } from "../../src/core/contract/bundle/manifest.ts";
import type { FeatureWindow, SampleBlock } from "../../src/core/contract/stream.ts";
import type { DriftReference } from "../../src/core/drift/drift-reference.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import type { ConnectionLoss } from "../../src/core/platform/mqtt/broker-connection.ts";
import type { MqttClient } from "../../src/core/platform/mqtt/mqtt-reconnect.ts";
import type { LoadedBundle, StudentOutput } from "../../src/core/serving/loaded-bundle.ts";
import { createSiteBaselines, type SiteBaselines } from "../../src/gateway/points/site-baselines.ts";
import type { StateStore } from "../../src/gateway/record/state-store.ts";
import { sampleManifest } from "../core/bundle/sample-bundle.ts";

/** The point of all these tests. */
export const point = { site: "north", turbine: "WT01", component: "generator-bearing" };

/** A small epoch time that falls on a whole minute. */
export const startMs = 1_699_999_980_000;

/** A message that a fake client took. */
export interface SentMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

/** A client whose connection is a switch, and whose broker takes or refuses at will. */
export interface FakeMqtt extends MqttClient {
  connected: boolean;
  /** Or why the connection ends with each attempt; or which topics. */
  refuse: boolean | ConnectionLoss["reason"] | ((topic: string) => boolean);
  readonly sent: SentMessage[];
  /** Switches on and tells everyone who waits for it. */
  connect(): void;
}

export function createFakeMqtt(): FakeMqtt {
  const callbacks: (() => void)[] = [];
  const lostCallbacks: ((loss: ConnectionLoss) => void)[] = [];
  const client: FakeMqtt = {
    connected: false,
    refuse: false,
    sent: [],
    version: 5,
    publish: async (topic, payload, { retain }) => {
      if (typeof client.refuse === "string") {
        client.connected = false;
        for (const lost of lostCallbacks) lost({ reason: client.refuse, detail: "while it was under way" });
      }
      const isRefused = typeof client.refuse === "function" ? client.refuse(topic) : client.refuse;
      if (!client.connected || isRefused) throw new Error("not taken");
      client.sent.push({ topic, payload: String(payload), retain });
    },
    subscribe: async () => {},
    unsubscribe: async () => {},
    refusedFilters: new Set(),
    largestPacketBytes: null,
    get firstAttempt() {
      return client.connected
        ? Promise.resolve(true)
        : new Promise<boolean>((resolve) => callbacks.push(() => resolve(true)));
    },
    onConnect: (callback) => {
      callbacks.push(callback);
      if (client.connected) callback();
      return () => {};
    },
    onDisconnect: (callback) => {
      lostCallbacks.push(callback);
      return () => {};
    },
    close: async () => {},
    connect: () => {
      client.connected = true;
      for (const callback of callbacks) callback();
    },
  };
  return client;
}

/** A state store in memory. */
export function createFakeState(): StateStore {
  const values = new Map<string, string>();
  const set: StateStore["set"] = (key, text) => {
    if (text === null) values.delete(key);
    else values.set(key, text);
    return true;
  };
  const setAll: StateStore["setAll"] = (entries) =>
    Object.entries(entries).every(([key, text]) => set(key, text));
  return {
    get: (key) => values.get(key) ?? null,
    keys: (prefix) => [...values.keys()].filter((key) => key.startsWith(prefix)),
    set,
    setAll,
    setDescribed: setAll,
    release: () => {},
    isWritten: true,
  };
}

/** Baselines that are kept nowhere. */
export function createIdleBaselines(): SiteBaselines {
  return createSiteBaselines({
    commissioning: { minWindows: 600, minHours: 24 },
    state: createFakeState(),
    logger: silentLogger,
    falsePerPointYear: () => 0.1,
    faultPrior: 0.05,
    onEvent: () => {},
  });
}

const featureReference = {
  edges: [0, 1, 2],
  counts: [10, 10, 10, 10],
  mean: 1,
  sumSquares: 40,
  min: -1,
  max: 3,
  warningPsi: [0.1],
  driftPsi: [0.2],
};

/** Two features and one score. */
export const driftReference: DriftReference = {
  rows: 40,
  featureCount: 2,
  features: ["rms", "peak", "inner-race"].map((name) => ({ name, ...featureReference })),
  calibration: {
    seed: 1,
    replicates: 10,
    blockRows: 1,
    warningRate: 0.01,
    driftRate: 0.001,
    sampleSizes: [10],
    familyWarningRatio: [1],
    familyDriftRatio: [1],
  },
};

/** A bundle whose answers are given, and that counts who holds it. */
export interface FakeBundle extends LoadedBundle {
  holders: number;
  /** What `score` resolves to; an error rejects. */
  answer: number | Error;
  /** Made to fail: the engine that explains. */
  explains: boolean;
}

/** One output unless `changes` say otherwise; two windows of a logit of 9 raise. */
export function createFakeBundle(version = "1.0.0", changes: Partial<Manifest> = {}): FakeBundle {
  const manifest: Manifest = {
    ...sampleManifest({
      version,
      thresholds: [{ raise: 0.8, onCount: 2, onWindows: 3, clear: 0.4, offWindows: 3 }],
      calibration: [{ slope: 1, intercept: 0 }],
      window: { unit: "revolutions", length: 3, hop: 3 },
      features: {
        catalogueVersion: 1,
        chains: [{ name: "band", kind: "band-level", params: { fromHz: 500, toHz: 1500 } }],
        list: [
          { name: "rms", operator: "rms-db", chain: "band", params: {}, group: "level" },
          { name: "peak", operator: "peak-db", chain: "band", params: {}, group: "shape" },
        ],
      },
      ...changes,
    }),
    files: [],
  };
  const output = (logit: number): StudentOutput => ({
    quantised: Uint8Array.of(Math.round(logit * 10) + 128),
    logits: Float64Array.of(logit),
  });
  const bundle: FakeBundle = {
    holders: 0,
    answer: 0,
    explains: true,
    dir: `/bundles/${version}`,
    manifest,
    ref: { name: manifest.name, version, digest: version.replaceAll(".", "").padEnd(64, "0") },
    engine: {
      kind: "integer",
      inputs: 2,
      outputs: 1,
      outputScale: 0.1,
      outputZeroPoint: 128,
      run: async (_rows, rows) => {
        if (!bundle.explains) throw new Error("the engine is gone");
        return new Uint8Array(rows).fill(158);
      },
      close: async () => {},
    },
    student: { inputScale: 0.1, inputZeroPoint: 128, layers: [] },
    reference: driftReference,
    background: { rows: 1, features: 2, values: new Float32Array(2), weights: Float64Array.of(1) },
    score: async () => {
      const { answer } = bundle;
      if (answer instanceof Error) throw answer;
      return output(answer);
    },
    standardised: (features) => features,
    retain: () => {
      bundle.holders++;
    },
    release: () => {
      bundle.holders--;
    },
    retire: async () => {},
  };
  return bundle;
}

/** The window of second `index`. */
export function windowAt(index: number, change: Partial<FeatureWindow> = {}): FeatureWindow {
  const fromMs = startMs + index * 1000;
  return {
    point,
    id: `${point.turbine}/${point.component}/${fromMs}`,
    fromMs,
    toMs: fromMs + 1000,
    shaftRpm: 1800,
    features: Float32Array.of(0.5, 1.5),
    arrivedMonotonicMs: 0,
    ...change,
  };
}

/** An alert event of its own id. */
export function alertAt(index: number, turbine = "WT01"): AlertEvent {
  const time = new Date(startMs + index * 1000).toISOString();
  return {
    specversion: "1.0",
    id: `north/${turbine}/generator-bearing/inner-race/${index}/raised`,
    source: `/north/${turbine}`,
    type: "io.aurora.alert.raised.v1",
    time,
    subject: "generator-bearing",
    datacontenttype: "application/json",
    data: {
      turbine,
      site: "north",
      component: "generator-bearing",
      failureMode: "inner-race",
      severity: "warning",
      state: "unacknowledged",
      probability: 0.9,
      score: 2.2,
      threshold: 0.8,
      horizonHours: null,
      since: time,
      operatingState: "full-performance",
      window: { from: time, to: time, id: `w${index}` },
      explanation: { baseValue: 0, groups: [], gap: 0 },
      model: { name: "bearing-sample", version: "1.0.0", digest: "0".repeat(64) },
      traceId: "t",
    },
  };
}

/** Block `index`: 100 samples at 10 kHz, three revolutions at 18,000 rpm, so that every block is a window of a fake bundle. */
export function blockAt(index: number, change: Partial<SampleBlock> = {}): SampleBlock {
  return {
    deviceId: "mcu",
    channel: "de",
    unit: "g",
    timestampMs: startMs + index * 10,
    firstSample: index * 100,
    sampleRateHz: 10_000,
    scale: 0.001,
    shaftRpm: 18_000,
    counts: Int16Array.from({ length: 100 }, (_, sample) => ((sample * 37 + index) % 101) - 50),
    arrivedMonotonicMs: 0,
    ...change,
  };
}
