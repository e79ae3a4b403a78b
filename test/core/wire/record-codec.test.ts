import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { maxFailureModes } from "../../../src/core/contract/alert.ts";
import { manifestSchema } from "../../../src/core/contract/bundle/manifest.ts";
import { lanes } from "../../../src/core/contract/topics.ts";
import type {
  DriftReport,
  FeatureSketch,
  PredictionBatch,
  UplinkRecord,
} from "../../../src/core/contract/uplink-record.ts";
import { gapReasons, toldUpdateSteps } from "../../../src/core/contract/uplink-record.ts";
import { vibrationLevelMode } from "../../../src/core/decision/choose-alarm.ts";
import { decodeUplinkEnvelope, encodeUplinkEnvelope } from "../../../src/core/wire/envelope-codec.ts";
import { decodeRecord, encodeRecord } from "../../../src/core/wire/record-codec.ts";
import { uplinkDescriptor } from "../../../src/core/wire/uplink-descriptor.ts";
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

/** Of so many windows: what does not count as a value is invalid. */
const sketchOf = (windows: number): fc.Arbitrary<Omit<FeatureSketch, "feature">> =>
  fc
    .record({
      weights: fc.array(fc.nat(9), { minLength: 1, maxLength: 64 }),
      min: fc.float({ noNaN: true, min: -(2 ** 50), max: 2 ** 50 }),
      range: fc.float({ noNaN: true, min: 0, max: 2 ** 20 }),
      place: fc.integer({ min: 0, max: 4 }),
      spread: fc.integer({ min: 0, max: 4 }),
    })
    .map(({ weights, min, range, place, spread }) => {
      const total = Math.max(1, ...weights) * weights.length;
      const counts = weights.map((weight) => Math.floor((weight * windows) / total));
      const values = counts.reduce((sum, count) => sum + count, 0);
      const max = Math.fround(min + range);
      return {
        counts,
        invalid: windows - values,
        // −0 travels as 0.
        mean: Math.fround(min + ((max - min) * place) / 4) + 0,
        sumSquares: Math.fround((values * ((max - min) / 2) ** 2 * spread) / 4) + 0,
        min: Math.fround(min) + 0,
        max: max + 0,
      };
    });

const columns = fc.nat(1_000_000).chain((windows) =>
  fc
    .tuple(fc.uniqueArray(fc.nat(300), { maxLength: 5 }), fc.array(sketchOf(windows), { maxLength: 5 }))
    .map(([indices, sketches]) => {
      const sorted = indices.sort((a, b) => a - b);
      return sketches.slice(0, sorted.length).map((sketch, at) => ({ feature: sorted[at]!, ...sketch }));
    }),
);

const driftReport: fc.Arbitrary<DriftReport> = fc
  .record(
    {
      kind: fc.constant("drift-report" as const),
      site: name,
      turbine: name,
      component: name,
      modelName: name,
      modelVersion: name,
      modelDigest: name,
      fromMs: time,
      lengthMs: fc.integer({ min: 0, max: 86_400_000 }),
      sketches: columns,
      load: fc.record({
        by: fc.constantFrom("power" as const, "speed" as const),
        band: fc.integer({ min: -64, max: 64 }),
      }),
    },
    {
      requiredKeys: [
        "kind",
        "site",
        "turbine",
        "component",
        "modelName",
        "modelVersion",
        "modelDigest",
        "fromMs",
        "lengthMs",
        "sketches",
      ],
    },
  )
  .map(({ lengthMs, ...report }) => ({ ...report, toMs: report.fromMs + lengthMs }));

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
  fc.record({
    kind: fc.constant("update" as const),
    timeMs: time,
    modelName: name,
    fromVersion: name,
    toVersion: name,
    step: fc.constantFrom(...toldUpdateSteps),
    detail: name,
  }),
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
  fc.record({
    kind: fc.constant("gap" as const),
    lane: fc.constantFrom(...lanes),
    records: count,
    fromMs: time,
    toMs: time,
    reason: fc.constantFrom(...gapReasons),
    windows: fc.nat(),
    samples: fc.nat(),
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

  test("a batch has room for every failure mode of the largest model, and for how loud the machine is", () => {
    const failureModes = [...Array.from({ length: 32 }, (_, index) => `mode-${index}`), vibrationLevelMode];
    const row = failureModes.map(() => 0.5);
    const sent: PredictionBatch = {
      ...sampleRecords.find((sample) => sample.kind === "prediction-batch")!,
      failureModes,
      timesMs: [1],
      windows: [1],
      shaftRpm: [1800],
      meanProbability: row,
      maxProbability: row,
    };
    expect(decodeRecord(encodeRecord(sent))).toEqual(sent);
    const outputs = Array.from({ length: 33 }, (_, index) => ({
      failureMode: `mode-${index}`,
      title: "a mode",
    }));
    const whyNot = (some: typeof outputs): boolean =>
      manifestSchema()
        .safeParse({ outputs: some })
        .error!.issues.some(({ path }) => path[0] === "outputs");
    expect([whyNot(outputs.slice(1)), whyNot(outputs)]).toEqual([false, true]);
    expect(failureModes).toHaveLength(maxFailureModes);
  });

  test("a sketch of 16 bins takes at most 100 bytes, whatever it holds", () => {
    const report = sampleRecords.find((sample) => sample.kind === "drift-report")!;
    const bytesOf = (counts: readonly number[], sketches: number): number =>
      encodeRecord({
        ...report,
        sketches: Array.from({ length: sketches }, (_, index) => ({
          feature: 400 + index,
          invalid: 2_000_000,
          mean: Math.PI,
          sumSquares: 1e30,
          min: -1e30,
          max: 1e30,
          counts,
        })),
      }).length;
    const worst = new Array<number>(16).fill(2_097_151);
    const usual = new Array<number>(16).fill(127);
    expect((bytesOf(worst, 101) - bytesOf(worst, 1)) / 100).toBeLessThanOrEqual(100);
    expect((bytesOf(usual, 101) - bytesOf(usual, 1)) / 100).toBeLessThanOrEqual(56);
  });

  describe("a drift report", () => {
    const good = sampleRecords.find((sample) => sample.kind === "drift-report")!;
    const sketch = good.sketches[0]!;
    const refused = (changes: Partial<DriftReport>): string => {
      try {
        encodeRecord({ ...good, ...changes });
      } catch (error) {
        return (error as Error).message;
      }
      return "taken";
    };

    test("is refused where no run of windows can have given it, and says why", () => {
      const withSketch = (changes: Partial<FeatureSketch>): string =>
        refused({ sketches: [{ ...sketch, ...changes }] });
      expect(withSketch({})).toBe("taken");
      expect(withSketch({ mean: Number.NaN })).toBe("column 3: moments that are not finite");
      expect(withSketch({ sumSquares: -1 })).toBe("column 3: sumSquares is -1");
      expect(withSketch({ min: 3 })).toBe("column 3: min 3 is above max 2.75");
      expect(withSketch({ mean: 3 })).toMatch(/^column 3: mean 3 is not between/);
      expect(withSketch({ sumSquares: 1e6 })).toMatch(
        /^column 3: sumSquares 1000000 is more than 520 values/,
      );
      expect(refused({ sketches: [sketch, sketch] })).toBe("column 3 follows column 3");
      const first = { ...sketch, feature: 0, counts: [1, 2], invalid: 4, sumSquares: 0 };
      expect(refused({ sketches: [first, { ...sketch, feature: 1 }] })).toBe(
        "column 1 counts 522 values in 7 windows",
      );
      expect(refused({ sketches: [first, { ...first, feature: 1, invalid: 0 }] })).toBe("taken");
    });

    test("may have moments that are no numbers where it counted no value", () => {
      const { NaN: none } = Number;
      const empty = { ...sketch, counts: [0, 0], mean: none, sumSquares: none, min: none, max: none };
      expect(refused({ sketches: [empty] })).toBe("taken");
    });

    test("is of a day at most, and of a load that is known", () => {
      expect(refused({ toMs: good.fromMs - 1 })).toBe("interval ends 1 ms before it begins");
      expect(refused({ toMs: good.fromMs + 3_652 * 86_400_000 })).toMatch(/^interval is 3652.0 days long/);
      expect(refused({ toMs: good.fromMs + 86_400_000, load: { by: "speed", band: -64 } })).toBe("taken");
      expect(refused({ load: { by: "power", band: 65 } })).toMatch(/^load band is 65/);
      expect(refused({ load: { by: "power", band: 0.5 } })).toMatch(/^load band is 0.5/);
      expect(refused({ load: { by: "torque" as "power", band: 1 } })).toBe("load is not measured by torque");
    });

    test("from a writer that knows another load, or counts wrongly, becomes an event that says so", () => {
      const type = protobuf.Root.fromJSON(uplinkDescriptor).lookupType("aurora.uplink.v1.Envelope");
      const column = { feature: 0, counts: [3], mean: 1, min: 0, max: 2, sumSquares: 1 };
      const read = (driftReport: object): unknown => {
        const envelope = {
          major: 1,
          gateway: "gw",
          bootId: "b",
          lane: 3,
          firstSequence: 1,
          oldestSequence: 1,
        };
        const records = [{ driftReport: { fromMs: 1, toMs: 2, sketches: [column], ...driftReport } }];
        const decoded = decodeUplinkEnvelope(type.encode(type.fromObject({ ...envelope, records })).finish());
        return decoded.ok ? decoded.value.records[0] : decoded;
      };
      const invalid = (detail: string): unknown =>
        expect.objectContaining({ name: "record.invalid", detail });
      expect(read({})).toMatchObject({ kind: "drift-report" });
      expect(read({})).not.toHaveProperty("load");
      expect(read({ load: { by: 2, band: 21 } })).toMatchObject({ load: { by: "speed", band: 21 } });
      expect(read({ load: { by: 7, band: 1 } })).toEqual(
        invalid("load is measured by 7, which is not known"),
      );
      expect(read({ load: { by: 1, band: -65 } })).toEqual(
        invalid("load band is -65, not a whole number from -64 to 64"),
      );
      expect(read({ sketches: [{ ...column, mean: Number.NaN }] })).toEqual(
        invalid("column 0: moments that are not finite"),
      );
      expect(read({ toMs: 4e11 })).toEqual(invalid("interval is 4629.6 days long, at most one day allowed"));
    });
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
