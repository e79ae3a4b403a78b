import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lanes } from "../../../src/core/contract/topics.ts";
import type {
  DriftReport,
  FeatureSketch,
  PredictionBatch,
  UplinkRecord,
} from "../../../src/core/contract/uplink-record.ts";
import { decodeUplinkEnvelope, encodeUplinkEnvelope } from "../../../src/core/wire/envelope-codec.ts";
import { encodeRecord } from "../../../src/core/wire/record-codec.ts";
import { sampleRecords } from "../../support/uplink-samples.ts";

const header = {
  gateway: "gw",
  bootId: "boot",
  lane: "update",
  firstSequence: 1,
  oldestSequence: 1,
} as const;
const name = fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => text.replaceAll("\u0000", ""));
const count = fc.nat(1_000_000);
const time = fc.integer({ min: 0, max: 4e12 });
// −0 travels as 0.
const float = fc.float().map((value) => value + 0);

const sketch: fc.Arbitrary<FeatureSketch> = fc.record({
  feature: fc.nat(300),
  counts: fc.array(count, { maxLength: 64 }),
  invalid: count,
  mean: float,
  sumSquares: float,
  min: float,
  max: float,
});

const driftReport: fc.Arbitrary<DriftReport> = fc.record({
  kind: fc.constant("drift-report" as const),
  site: name,
  turbine: name,
  component: name,
  modelName: name,
  modelVersion: name,
  modelDigest: name,
  fromMs: time,
  toMs: time,
  sketches: fc.array(sketch, { maxLength: 5 }),
});

const batch: fc.Arbitrary<PredictionBatch> = fc
  .tuple(fc.nat(8), fc.nat(4), fc.array(name, { minLength: 9, maxLength: 9 }))
  .chain(([rows, modes, names]) => {
    const column = <T>(value: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> =>
      fc.array(value, { minLength: length, maxLength: length });
    const probability = fc.nat(1000).map((value) => value / 1000);
    const rpm = fc.oneof(
      fc.constant(Number.NaN),
      fc.nat(50_000).map((value) => value / 10),
    );
    const risk = fc.option(
      fc.nat(10_000).map((value) => value / 10_000),
      { nil: null },
    );
    const always = {
      kind: fc.constant("prediction-batch" as const),
      site: fc.constant(names[0]!),
      turbine: fc.constant(names[1]!),
      component: fc.constant(names[2]!),
      modelName: fc.constant(names[3]!),
      modelVersion: fc.constant(names[4]!),
      failureModes: fc.constant(names.slice(5, 5 + modes)),
      timesMs: column(time, rows),
      windows: column(count, rows),
      meanProbability: column(probability, rows * modes),
      maxProbability: column(probability, rows * modes),
      shaftRpm: column(rpm, rows),
    };
    // Without rows a column that is there cannot be told from one that is not.
    if (rows * modes === 0) return fc.record(always);
    const known = {
      meanRisk: column(risk, rows * modes),
      maxRisk: column(risk, rows * modes),
      isLearning: column(fc.option(fc.boolean(), { nil: null }), rows),
    };
    return fc.record(
      { ...always, ...known },
      { requiredKeys: Object.keys(always) as (keyof typeof always)[] },
    );
  });

const record: fc.Arbitrary<UplinkRecord> = fc.oneof<fc.Arbitrary<UplinkRecord>[]>(
  batch,
  driftReport,
  fc.record({ kind: fc.constant("alert" as const), id: name, json: name }),
  fc.record({ kind: fc.constant("event" as const), timeMs: time, name, subject: name, detail: name }),
  fc.record({
    kind: fc.constant("health" as const),
    timeMs: time,
    uptimeMs: count,
    rssBytes: fc.maxSafeNat(),
    windowsProcessed: count,
    windowsQuarantined: count,
    windowsDropped: count,
    quarantined: fc.dictionary(name, count, { maxKeys: 5 }).map((value) => ({ ...value })),
    outboxRecords: count,
  }),
  fc.record({
    kind: fc.constant("gap" as const),
    lane: fc.constantFrom(...lanes),
    records: count,
    fromMs: time,
    toMs: time,
  }),
);

describe("records", () => {
  test("any record survives a round trip", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 6 }), (records) => {
        const envelope = { ...header, records };
        expect(decodeUplinkEnvelope(encodeUplinkEnvelope(envelope))).toEqual({ ok: true, value: envelope });
      }),
      { numRuns: 500 },
    );
  });

  test("what is not known of a risk is not a risk of 0, and what nobody knows takes no byte", () => {
    const plain = sampleRecords.find((sample) => sample.kind === "prediction-batch")!;
    const [known, unknown] = [
      { ...plain, meanRisk: [0, null, 0.0021, 1, null, 0.5], isLearning: [true, null, false] },
      plain,
    ];
    const roundTrip = (sent: PredictionBatch): unknown => {
      const decoded = decodeUplinkEnvelope(encodeUplinkEnvelope({ ...header, records: [sent] }));
      return decoded.ok ? decoded.value.records[0] : decoded;
    };
    expect(roundTrip(known)).toEqual(known);
    expect(roundTrip(unknown)).not.toHaveProperty("meanRisk");
    expect(encodeRecord(known).length - encodeRecord(unknown).length).toBeLessThanOrEqual(20);
    expect(() => encodeRecord({ ...plain, maxRisk: [0.1] })).toThrow("maxRisk has 1 items instead of 6");
    expect(() => encodeRecord({ ...plain, meanRisk: [2, 0, 0, 0, 0, 0] })).toThrow("risk 2");
  });

  test("a sketch of 16 bins takes at most 100 bytes, whatever it holds", () => {
    const report = sampleRecords.find((sample) => sample.kind === "drift-report")!;
    const bytesOf = (counts: readonly number[], sketches: number): number =>
      encodeRecord({
        ...report,
        sketches: new Array<FeatureSketch>(sketches).fill({
          feature: 500,
          invalid: 2_000_000,
          mean: Math.PI,
          sumSquares: 1e30,
          min: -1e30,
          max: 1e30,
          counts,
        }),
      }).length;
    const worst = new Array<number>(16).fill(2_097_151);
    const usual = new Array<number>(16).fill(127);
    expect((bytesOf(worst, 101) - bytesOf(worst, 1)) / 100).toBeLessThanOrEqual(100);
    expect((bytesOf(usual, 101) - bytesOf(usual, 1)) / 100).toBeLessThanOrEqual(56);
  });

  test("a batch whose columns do not fit together, or with a probability that is none, is the writer's error", () => {
    const good = sampleRecords.find((sample) => sample.kind === "prediction-batch")!;
    expect(() => encodeRecord({ ...good, windows: [1] })).toThrow(/windows has 1 items instead of 3/);
    expect(() => encodeRecord({ ...good, meanProbability: [2, 0, 0, 0, 0, 0] })).toThrow(/probability 2/);
    expect(() => encodeRecord({ ...good, meanProbability: [Number.NaN, 0, 0, 0, 0, 0] })).toThrow(/NaN/);
    expect(() => encodeRecord({ ...good, timesMs: [-1, 0, 0] })).toThrow(/timesMs/);
  });

  test("a NUL in a name is the writer's error, in free text it is shown", () => {
    const event = { kind: "event" as const, timeMs: 1, name: "n", subject: "a\u0000b", detail: "c\u0000" };
    expect(() => encodeRecord({ ...event, name: "\u0000" })).toThrow(/NUL/);
    expect(new TextDecoder().decode(encodeRecord(event))).toContain("a\ufffdb");
  });

  test("a detail that is too long is cut, not refused", () => {
    const bytes = encodeRecord({
      kind: "event" as const,
      timeMs: 1,
      name: "n",
      subject: "s",
      detail: "x".repeat(10_000),
    });
    expect(bytes.length).toBeLessThan(4200);
  });
});
