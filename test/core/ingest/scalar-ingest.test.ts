import { describe, expect, it } from "vitest";
import type { ChannelContract } from "../../../src/core/contract/bundle/manifest.ts";
import type { Quarantine, Reading, SchemaDrift } from "../../../src/core/contract/stream.ts";
import { createScalarIngest } from "../../../src/core/ingest/scalar-ingest.ts";

const contract: ChannelContract = {
  name: "gearbox-oil",
  unit: "degC",
  min: -40,
  max: 120,
  // One reading a minute at least, ten a second at most.
  minRateHz: 1 / 60,
  maxRateHz: 10,
  kind: "scalar",
  missing: "quarantine",
  stuckAfter: 4,
};
const startMs = 1_700_000_000_000;

function run(readings: readonly Partial<Reading>[]): {
  accepted: number[];
  reasons: string[];
  quarantined: Quarantine[];
  drifts: SchemaDrift[];
} {
  const accepted: number[] = [];
  const quarantined: Quarantine[] = [];
  const drifts: SchemaDrift[] = [];
  const ingest = createScalarIngest({
    contractOf: (_device, channel) => (channel === "gearbox-oil" ? contract : undefined),
    sink: {
      quarantine: (quarantine) => quarantined.push(quarantine),
      schemaDrift: (drift) => drifts.push(drift),
    },
  });
  for (const [index, change] of readings.entries()) {
    const reading: Reading = {
      deviceId: "t01",
      channel: "gearbox-oil",
      unit: "degC",
      timestampMs: startMs + index * 30_000,
      value: 50 + index,
      arrivedMs: startMs + index * 30_000,
      arrivedMonotonicMs: 0,
      ...change,
    };
    if (ingest.accept(reading)) accepted.push(reading.value);
  }
  return { accepted, reasons: quarantined.map(({ reason }) => reason), quarantined, drifts };
}

describe("the scalar ingest", () => {
  it("hands on what keeps the contract", () => {
    expect(run([{}, {}, {}])).toMatchObject({ accepted: [50, 51, 52], reasons: [], drifts: [] });
  });

  it("sets aside NaN, infinity, values out of range, other units and unknown channels", () => {
    const { accepted, reasons, drifts } = run([
      { value: Number.NaN },
      { value: Number.POSITIVE_INFINITY },
      { value: 121 },
      { value: -41 },
      { unit: "K", value: 300 },
      { unit: "K", value: 301 },
      { channel: "nacelle" },
      { timestampMs: Number.NaN },
    ]);
    expect(reasons).toEqual([
      "not-finite",
      "not-finite",
      "range",
      "range",
      "unit",
      "unit",
      "unknown-channel",
      "not-finite",
    ]);
    expect(accepted).toEqual([]);
    expect(drifts.map(({ change }) => change)).toEqual(["unit", "new-channel"]);
  });

  it("finds a stuck sensor at the declared length of a run", () => {
    const { accepted, reasons } = run([
      { value: 7 },
      { value: 7 },
      { value: 7 },
      { value: 7 },
      { value: 7 },
      {},
    ]);
    expect(accepted).toEqual([7, 7, 7, 55]);
    expect(reasons).toEqual(["stuck", "stuck"]);
  });

  it("sets aside repeated and late readings and keeps its clock", () => {
    const { accepted, reasons } = run([{}, { timestampMs: startMs }, { timestampMs: startMs - 1000 }, {}]);
    expect(accepted).toEqual([50, 53]);
    expect(reasons).toEqual(["time-backwards", "time-backwards"]);
  });

  it("follows a clock that was set back an hour after one reading", () => {
    const back = startMs - 3_600_000;
    const { accepted, reasons } = run([{}, { timestampMs: back + 30_000 }, { timestampMs: back + 60_000 }]);
    expect(accepted).toEqual([50, 52]);
    expect(reasons).toEqual(["time-backwards"]);
  });

  it("does not believe a clock that is an hour ahead of the arrival", () => {
    const { accepted, reasons } = run([{}, { timestampMs: startMs + 3_600_000 }, {}]);
    expect(accepted).toEqual([50, 52]);
    expect(reasons).toEqual(["time-jump"]);
  });

  it("counts missing readings, and takes stored ones that arrive late", () => {
    const { accepted, quarantined } = run([{}, { timestampMs: startMs + 300_000, arrivedMs: startMs + 9e8 }]);
    expect(accepted).toEqual([50, 51]);
    expect(quarantined).toMatchObject([{ reason: "gap", samples: 4 }]);
  });

  it("sets aside readings that come faster than the contract allows", () => {
    expect(run([{}, { timestampMs: startMs + 50 }]).reasons).toEqual(["rate"]);
  });
});

describe("the limits of the scalar ingest", () => {
  it("does not count identical readings over a gap as one run", () => {
    const minute = (minutes: number): { timestampMs: number; arrivedMs: number; value: number } => {
      const timestampMs = startMs + minutes * 60_000;
      return { timestampMs, arrivedMs: timestampMs, value: 50 };
    };
    const { accepted, reasons } = run([minute(0), minute(1), minute(2), minute(62), minute(63), minute(64)]);
    expect(reasons).toEqual(["gap"]);
    expect(accepted).toHaveLength(6);
  });

  it("takes readings of however many streams somebody expects", () => {
    const turbines = Array.from({ length: 5000 }, (_, at) => ({ deviceId: `t${at}` }));
    const { accepted, reasons } = run(turbines.map((each) => ({ ...each, value: 50 })));
    expect(reasons).toEqual([]);
    expect(accepted).toHaveLength(5000);
  });

  it("tells what changes of each of them, and of some thousands that nobody expects", () => {
    const devices = Array.from({ length: 5000 }, (_, at) => ({ deviceId: `t${at}` }));
    const { drifts } = run([
      ...devices.map((each) => ({ ...each, unit: "K" })),
      ...devices.map((each) => ({ ...each, channel: "nacelle" })),
    ]);
    const told = (change: SchemaDrift["change"]) => drifts.filter((each) => each.change === change).length;
    expect([told("unit"), told("new-channel")]).toEqual([5000, 4096]);
  });
});
