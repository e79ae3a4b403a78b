/** A fleet's record as it stands after two weeks without an incident: an hour of predictions, states, drift, verdicts. */
import { join } from "node:path";
import { createBundleShelf } from "../../src/collector/fleet/bundle-shelf.ts";
import type { KnownModel } from "../../src/collector/fleet/fleet-source.ts";
import type { StorableRecord } from "../../src/collector/record/fleet-record.ts";
import { createSqliteRecord } from "../../src/collector/record/sqlite/sqlite-record.ts";
import { loadTrustedKeys } from "../../src/core/bundle/keys.ts";
import type { DriftVerdict } from "../../src/core/contract/drift-verdict.ts";
import type { PointId } from "../../src/core/contract/stream.ts";
import type { TurbineState } from "../../src/core/contract/turbine-state.ts";
import type { DriftReport, PredictionBatch, UplinkRecord } from "../../src/core/contract/uplink-record.ts";
import { dayMs } from "../../src/core/maths/durations.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import type { SqliteDatabase } from "../../src/core/platform/sqlite/sqlite-database.ts";

export const benchGateways = 50;
export const benchSite = "bench";
const benchModes: readonly string[] = ["ball", "inner-race", "outer-race"];
export const benchComponents: readonly string[] = ["gearbox", "generator", "main-bearing"];
/** Bundle that all points run, and the keys it is signed with. */
export const benchBundle: string = join(packageRoot(), "models", "bearing-vibration");
export const benchKeys: string = join(packageRoot(), "models", "release.pub");

/** Windows that a drift report sums up. */
const reportedWindows = 600;

/** Fills an empty database with so many turbines of three points each, and closes it. */
export async function fillRecord(database: SqliteDatabase, turbines: number): Promise<void> {
  const record = createSqliteRecord(database);
  const model = await loadModel();
  const nowMs = Date.now();
  for (let index = 0; index < turbines; index++) {
    const turbine = `wt-${index}`;
    const values: readonly UplinkRecord[] = benchComponents.flatMap((component) => [
      createRows({ turbine, component, endMs: nowMs, rows: 12, stepMs: 300_000 }),
      createReport({ turbine, component, nowMs, model }),
    ]);
    const header = { gateway: `gw-${index % benchGateways}`, bootId: "fill", lane: "prediction" } as const;
    const firstSequence = Math.floor(index / benchGateways) * values.length + 1;
    const envelope = {
      ...header,
      firstSequence,
      oldestSequence: 1,
      topic: "fill",
      payload: new Uint8Array(),
      records: values.map((value) => ({ ok: true as const, value: value as StorableRecord })),
    };
    const [stored] = await record.storeEnvelopes({ nowMs, envelopes: [envelope], setAside: [] });
    const fault = stored!.records.find(({ ok }) => !ok);
    if (fault !== undefined) throw new Error(`the record was not filled: ${JSON.stringify(fault)}`);
  }
  const states = Array.from({ length: turbines }, (_, index) => ({
    state: createState(`wt-${index}`, nowMs),
    seenMs: nowMs + 3_600_000,
  }));
  await record.storeStates({ nowMs, turbines: states, gateways: [], setAside: [] });
  fillVerdicts(database, { nowMs, digest: model.digest });
  await record.close();
}

async function loadModel(): Promise<KnownModel> {
  const trustedKeys = await loadTrustedKeys(benchKeys);
  const shelf = createBundleShelf({
    dirs: [benchBundle],
    trustedKeys,
    registryDir: null,
    registry: null,
    logger: silentLogger,
  });
  await shelf.scan();
  const [model] = shelf.models.values();
  if (model === undefined) throw new Error(`no bundle in ${benchBundle}`);
  return model;
}

/** The hour before as the rows of training were. */
function createReport(of: {
  readonly turbine: string;
  readonly component: string;
  readonly nowMs: number;
  readonly model: KnownModel;
}): DriftReport {
  const { turbine, component, nowMs, model } = of;
  const today = Math.floor(nowMs / dayMs) * dayMs;
  return {
    kind: "drift-report",
    site: benchSite,
    turbine,
    component,
    modelName: model.manifest.name,
    modelVersion: model.manifest.version,
    modelDigest: model.digest,
    fromMs: today,
    toMs: today + 600_000,
    sketches: model.reference.features.map(({ counts }, feature) => {
      // A column may have had no value in training.
      const sum = counts.reduce((total, count) => total + count, 0) || 1;
      return {
        feature,
        counts: counts.map((count) => Math.round((count / sum) * reportedWindows)),
        invalid: 0,
        mean: 0,
        sumSquares: 1,
        min: -1,
        max: 1,
      };
    }),
  };
}

/** Rows of predictions of one point. */
export function createRows(of: {
  readonly turbine: string;
  readonly component: string;
  readonly endMs: number;
  readonly rows: number;
  readonly stepMs: number;
}): PredictionBatch {
  const { turbine, component, endMs, rows, stepMs } = of;
  const cells = new Array<number>(rows * benchModes.length).fill(0.04);
  return {
    kind: "prediction-batch",
    site: benchSite,
    turbine,
    component,
    modelName: "bearing-vibration",
    modelVersion: "1.0.0",
    failureModes: benchModes,
    timesMs: Array.from({ length: rows }, (_, row) => endMs - (rows - 1 - row) * stepMs),
    windows: new Array<number>(rows).fill(60),
    meanProbability: cells,
    maxProbability: cells,
    meanRisk: cells,
    maxRisk: cells,
    shaftRpm: new Array<number>(rows).fill(1_500),
  };
}

function createState(turbine: string, nowMs: number): TurbineState {
  const time = new Date(nowMs).toISOString();
  return {
    site: benchSite,
    turbine,
    time,
    operatingState: "full-performance",
    health: "ok",
    components: benchComponents.map((component) => ({
      component,
      health: "good",
      reason: null,
      sinceMs: null,
    })),
    alarms: [],
    lastScores: benchComponents.flatMap((component) =>
      benchModes.map((failureMode) => ({ component, failureMode, probability: 0.04, risk: 0.001, time })),
    ),
    model: { name: "bearing-vibration", version: "1.0.0", digest: "0".repeat(64) },
    baselines: benchComponents.map((component) => ({
      component,
      state: "ready",
      version: 1,
      windows: 600,
      suspicions: [],
      severityDb: 0.3,
    })),
    dataQuality: { windowsProcessed: 86_400, windowsQuarantined: 3, quarantinedByReason: { gap: 3 } },
  };
}

/** 14 days of every point, as the assessment would have left them: nothing moved. */
function fillVerdicts(
  database: SqliteDatabase,
  { nowMs, digest }: { readonly nowMs: number; readonly digest: string },
): void {
  const points = database.prepare("SELECT id, site, turbine, component FROM point").all();
  const insert = database.prepare(
    `INSERT INTO drift_verdict (point, model_digest, from_ms, to_ms, level, json) VALUES (?, ?, ?, ?, 'stable', ?)`,
  );
  const today = Math.floor(nowMs / dayMs) * dayMs;
  database.transaction(() => {
    for (const { id, ...names } of points) {
      for (let day = 1; day <= 14; day++) {
        const period = { fromMs: today - day * dayMs, toMs: today - (day - 1) * dayMs };
        const verdict = {
          ...stableVerdict,
          ...(names as unknown as PointId),
          ...period,
          modelDigest: digest,
        };
        insert.run(id!, digest, period.fromMs, period.toMs, JSON.stringify(verdict satisfies DriftVerdict));
      }
    }
  });
}

const stableVerdict = {
  modelName: "bearing-vibration",
  modelVersion: "1.0.0",
  level: "stable",
  reason: null,
  pValue: 0.5,
  rows: 86_400,
  referenceDays: 28,
  shifts: [],
  distances: [],
  cause: null,
} as const;
