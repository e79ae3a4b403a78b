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

  it("sets aside what is stamped a minute after its arrival, unless nobody told the gateway the time", () => {
    const [ahead, next] = [{ arrivedMs: startMs - 90_000 }, { arrivedMs: startMs }];
    const { accepted, quarantined } = run([ahead, next]);
    expect(accepted).toEqual([51]);
    expect(quarantined).toMatchObject([{ reason: "time-jump", detail: "stamped 90 s after its arrival" }]);
    expect(run([{ arrivedMs: 90_000 }, { arrivedMs: 120_000 }]).accepted).toEqual([50, 51]);
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

  it("knows what is sent again in bulk, in order and however often, and goes on where it was", () => {
    const hours = Array.from({ length: 120 }, (_, index) => {
      const timestampMs = startMs + index * 30_000;
      return { timestampMs, value: 20 + ((index * 7) % 31), arrivedMs: startMs + 9e6 };
    });
    const next = { timestampMs: startMs + 120 * 30_000, value: 60, arrivedMs: startMs + 9e6 };
    const { accepted, quarantined } = run([...hours, ...hours.slice(20), ...hours.slice(20), next]);
    expect(accepted).toEqual([...hours.map(({ value }) => value), 60]);
    expect(quarantined).toHaveLength(200);
    for (const each of quarantined)
      expect(each).toMatchObject({ reason: "time-backwards", cause: "sent-again" });
  });

  it("goes on where it was, though one of those that are sent again was set aside the first time", () => {
    const minutes = Array.from({ length: 100 }, (_, index) => {
      const timestampMs = startMs + index * 600_000;
      return { timestampMs, value: 20 + ((index * 7) % 31), arrivedMs: startMs + 9e7 };
    });
    const tooSoon = { ...minutes[50]!, timestampMs: minutes[50]!.timestampMs + 1, value: 30 };
    const once = [...minutes.slice(0, 51), tooSoon, ...minutes.slice(51)];
    const next = { ...minutes[0]!, timestampMs: startMs + 100 * 600_000 };
    const { accepted, reasons } = run([...once, ...once, next]);
    expect(accepted).toHaveLength(101);
    expect(new Set(reasons)).toEqual(new Set(run(once).reasons.concat("time-backwards")));
  });

  it("follows a clock that was set back, whatever came at those times before", () => {
    const taken = Array.from({ length: 60 }, (_, index) => ({ value: 20 + ((index * 7) % 31) }));
    const back = Array.from({ length: 40 }, (_, index) => {
      const timestampMs = startMs + (20 + index) * 30_000;
      return { timestampMs, value: 60 + ((index * 7) % 31), arrivedMs: startMs + 9e6 };
    });
    const { accepted, reasons } = run([...taken, ...back]);
    // The first tells that it was set.
    expect(accepted).toEqual([...taken, ...back.slice(1)].map(({ value }) => value));
    expect(reasons).toEqual(["time-backwards"]);
  });

  it("knows again what it still remembers, after older readings that it takes for a clock that was set back", () => {
    const many = Array.from({ length: 400 }, (_, index) => {
      return {
        timestampMs: startMs + index * 30_000,
        value: 20 + ((index * 7) % 31),
        arrivedMs: startMs + 9e7,
      };
    });
    // 256 are remembered; the first of the 144 before them tells of the clock.
    expect(run([...many, ...many]).accepted).toHaveLength(400 + 143);
    expect(run([...many, ...many.slice(150)]).accepted).toHaveLength(400);
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
