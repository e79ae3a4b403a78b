import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChannelContract } from "../../../src/core/contract/bundle/manifest.ts";
import type { Quarantine, RecordedBlock, SchemaDrift } from "../../../src/core/contract/stream.ts";
import { type AnnouncedChannel, maxStreams } from "../../../src/core/ingest/schema-watch.ts";
import { createWaveformIngest, type WaveformIngest } from "../../../src/core/ingest/waveform-ingest.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const contract: ChannelContract = {
  name: "acceleration",
  unit: "g",
  min: -50,
  max: 50,
  minRateHz: 12_000,
  maxRateHz: 51_200,
  kind: "waveform",
  missing: "quarantine",
  stuckAfter: 40,
};
const startMs = 1_700_000_000_000;

function create(): {
  ingest: WaveformIngest;
  accepted: RecordedBlock[];
  quarantined: Quarantine[];
  drifts: SchemaDrift[];
  reasons: () => string[];
} {
  const accepted: RecordedBlock[] = [];
  const quarantined: Quarantine[] = [];
  const drifts: SchemaDrift[] = [];
  const checked = createWaveformIngest({
    contractOf: (_device, channel) => (channel === "de" ? contract : undefined),
    sink: {
      quarantine: (quarantine) => quarantined.push(quarantine),
      schemaDrift: (drift) => drifts.push(drift),
    },
  });
  const ingest: WaveformIngest = {
    ...checked,
    accept: (block) => {
      const isTrusted = checked.accept(block);
      if (isTrusted) accepted.push(block);
      return isTrusted;
    },
  };
  return { ingest, accepted, quarantined, drifts, reasons: () => quarantined.map(({ reason }) => reason) };
}

/** 120 samples at 12 kHz: 10 ms. */
function makeBlock(number: number, change: Partial<RecordedBlock> = {}): RecordedBlock {
  return {
    deviceId: "mcu",
    channel: "de",
    unit: "g",
    timestampMs: startMs + number * 10,
    firstSample: number * 120,
    sampleRateHz: 12_000,
    scale: 0.001,
    shaftRpm: 1800,
    counts: Int16Array.from({ length: 120 }, (_, index) => ((index * 37) % 100) - 50 + (number % 211)),
    ...change,
  };
}

describe("the waveform ingest", () => {
  it("hands on what keeps the contract, untouched", () => {
    const { ingest, accepted, quarantined, drifts } = create();
    const blocks = [makeBlock(0), makeBlock(1), makeBlock(2)];
    for (const block of blocks) ingest.accept(block);
    expect(accepted).toEqual(blocks);
    expect(accepted[0]).toBe(blocks[0]);
    expect(quarantined).toEqual([]);
    expect(drifts).toEqual([]);
  });

  it("sets aside a value out of range, and a saturated converter, with the number of samples", () => {
    const { ingest, accepted, quarantined, reasons } = create();
    const outlier = makeBlock(0, { scale: 0.01 });
    outlier.counts[60] = 5002;
    ingest.accept(outlier);
    for (const count of [32_767, -32_768]) {
      const saturated = makeBlock(1, { scale: 1e-6 });
      saturated.counts.fill(count, 3, 16);
      ingest.accept(saturated);
    }
    expect(reasons().filter((reason) => reason !== "gap")).toEqual(["range", "range", "range"]);
    expect(quarantined[0]!.samples).toBe(120);
    const ranges = quarantined.filter(({ reason }) => reason === "range");
    expect(ranges.map(({ cause }) => cause)).toEqual([undefined, "saturated", "saturated"]);
    expect(accepted).toEqual([]);
  });

  it("lets a value lie one count beyond the range: a scale is stated over 32,767 counts, and there are 32,768 below zero", () => {
    const { ingest, accepted, quarantined } = create();
    for (const [number, counts] of [[-32_768], [-32_768, 32_767], [32_767]].entries()) {
      const block = makeBlock(number, { scale: 50 / 32_767 });
      block.counts.set(counts, 60);
      ingest.accept(block);
    }
    const float = Math.fround(50 / 2047);
    const coarse = makeBlock(3, { scale: float, counts: makeBlock(3).counts.map((count) => count % 100) });
    coarse.counts.set([-2048, 2047], 60);
    ingest.accept(coarse);
    expect(quarantined).toEqual([]);
    expect(accepted).toHaveLength(4);
  });

  it("hears blows that are too hard for the converter now and then", () => {
    const { ingest, accepted, quarantined } = create();
    const struck = makeBlock(0);
    struck.counts.fill(32_767, 10, 16);
    struck.counts.fill(-32_768, 50, 56);
    ingest.accept(struck);
    expect(accepted).toEqual([struck]);
    expect(quarantined).toEqual([]);
  });

  it("counts missing samples and goes on with the block after the gap", () => {
    const { ingest, accepted, quarantined } = create();
    ingest.accept(makeBlock(0));
    ingest.accept(makeBlock(3));
    expect(quarantined).toMatchObject([{ reason: "gap", samples: 240 }]);
    expect(accepted).toHaveLength(2);
  });

  it("takes a sample count that goes back for a restart", () => {
    const { ingest, accepted, reasons } = create();
    ingest.accept(makeBlock(5));
    ingest.accept(makeBlock(0, { timestampMs: startMs + 3_600_000 }));
    ingest.accept(makeBlock(1, { timestampMs: startMs + 3_600_010 }));
    expect(reasons()).toEqual(["gap"]);
    expect(accepted).toHaveLength(3);
  });

  it("sets aside one block when the clock jumps an hour either way, then follows the new time", () => {
    for (const [jumpMs, reason] of [
      [3_600_000, "time-jump"],
      [-3_600_000, "time-backwards"],
    ] as const) {
      const { ingest, accepted, reasons } = create();
      ingest.accept(makeBlock(0));
      for (const number of [1, 2, 3]) {
        ingest.accept(makeBlock(number, { timestampMs: startMs + number * 10 + jumpMs }));
      }
      expect(reasons()).toEqual([reason]);
      expect(accepted.map((block) => block.firstSample)).toEqual([0, 240, 360]);
    }
  });

  it("is not disturbed by a stream that comes faster or slower than real time", () => {
    const { ingest, quarantined } = create();
    for (let number = 0; number < 5000; number++) {
      ingest.accept(makeBlock(number, { timestampMs: startMs + number * 0.5 }));
    }
    expect(quarantined).toEqual([]);
  });

  it("finds a stuck sensor, also across blocks, and its recovery", () => {
    const { ingest, accepted, reasons } = create();
    const stuck = (number: number): RecordedBlock =>
      makeBlock(number, { counts: new Int16Array(30).fill(7) });
    // Blocks of 30 with a count of their own, so that only the run across them is 40 long.
    ingest.accept({ ...stuck(0), firstSample: 0 });
    ingest.accept({ ...stuck(0), firstSample: 30 });
    ingest.accept({ ...stuck(0), firstSample: 60 });
    ingest.accept({ ...makeBlock(0), firstSample: 90 });
    expect(reasons()).toEqual(["stuck", "stuck"]);
    expect(accepted.map((block) => block.firstSample)).toEqual([0, 90]);
  });

  it("sets aside a buffer that is sent over and over, in up to 64 pieces, and takes what is new", () => {
    for (const pieces of [1, 2, 64]) {
      const { ingest, accepted, quarantined } = create();
      const random = createRandom(pieces);
      const fresh = (): Int16Array =>
        Int16Array.from({ length: 120 }, () => Math.round(50 * random.normal()));
      const buffer = Array.from({ length: pieces }, fresh);
      const play = (blocks: readonly Int16Array[]): void => {
        for (const counts of blocks)
          ingest.accept(makeBlock(accepted.length + quarantined.length, { counts }));
      };
      play(Array.from({ length: 40 }, fresh));
      play(Array.from({ length: 3 * pieces + 20 }, (_, index) => buffer[index % pieces]!));
      // What comes again once may be chance, and is looked for at each eighth block.
      const again = accepted.length - 40 - pieces;
      expect(again).toBeGreaterThan(0);
      expect(again).toBeLessThan(10);
      expect(quarantined.every(({ reason }) => reason === "stuck")).toBe(true);
      expect(quarantined[0]!.detail).toMatch(pieces === 1 ? /the block before/ : `${pieces} blocks before`);
      const before = accepted.length;
      play(Array.from({ length: 9 }, fresh));
      expect(accepted).toHaveLength(before + 9);
    }
  });

  it("leaves short blocks alone, and one that comes twice in a row", () => {
    const { ingest, quarantined } = create();
    for (let number = 0; number < 300; number++) {
      ingest.accept(makeBlock(number, { counts: makeBlock(Math.floor(number / 2) % 90).counts }));
    }
    expect(quarantined).toEqual([]);
    const short = create();
    for (let number = 0; number < 30; number++) {
      const counts = Int16Array.from({ length: 30 }, (_, index) => (index * 7) % 50);
      short.ingest.accept(makeBlock(0, { counts, firstSample: 30 * number }));
    }
    expect(short.quarantined).toEqual([]);
  });

  it("does not take a sensor that hears next to nothing for a buffer that comes again", () => {
    const { ingest, quarantined } = create();
    const random = createRandom(9);
    for (let number = 0; number < 2000; number++) {
      const counts = Int16Array.from({ length: 120 }, (_, index) => (index % 20 === 0 ? 1 : 0));
      if (random.uniform() < 0.3) counts[7] = 1;
      ingest.accept(makeBlock(number, { counts }));
    }
    expect(quarantined).toEqual([]);
  });

  it("sets aside what is not finite or makes no sense", () => {
    const cases: [Partial<RecordedBlock>, string][] = [
      [{ timestampMs: Number.NaN }, "not-finite"],
      [{ scale: Number.POSITIVE_INFINITY }, "not-finite"],
      [{ scale: Number.NaN }, "not-finite"],
      [{ sampleRateHz: Number.NaN }, "not-finite"],
      [{ scale: 0 }, "malformed"],
      [{ scale: -1 }, "malformed"],
      [{ sampleRateHz: 0 }, "malformed"],
      [{ firstSample: -1 }, "malformed"],
      [{ firstSample: 0.5 }, "malformed"],
      [{ counts: new Int16Array(0) }, "malformed"],
    ];
    for (const [change, reason] of cases) {
      const { ingest, accepted, reasons } = create();
      ingest.accept(makeBlock(0, change));
      expect(reasons()).toEqual([reason]);
      expect(accepted).toEqual([]);
    }
  });

  it("tells a changed unit once, and sets every such block aside", () => {
    const { ingest, reasons, drifts } = create();
    ingest.accept(makeBlock(0));
    for (const number of [1, 2, 3]) ingest.accept(makeBlock(number, { unit: "m/s2" }));
    ingest.accept(makeBlock(4));
    expect(reasons()).toEqual(["unit", "unit", "unit"]);
    expect(drifts.map(({ change, expected, actual }) => [change, expected, actual])).toEqual([
      ["unit", "g", "m/s2"],
      ["unit", "m/s2", "g"],
    ]);
  });

  it("tells a changed rate once, and sets aside a rate out of the contract", () => {
    const { ingest, accepted, reasons, drifts } = create();
    ingest.accept(makeBlock(0));
    ingest.accept(makeBlock(1, { sampleRateHz: 48_000, firstSample: 120 }));
    ingest.accept(makeBlock(2, { sampleRateHz: 48_000, firstSample: 240 }));
    ingest.accept(makeBlock(3, { sampleRateHz: 8000, firstSample: 360 }));
    ingest.accept(makeBlock(4, { sampleRateHz: 8000, firstSample: 480 }));
    expect(drifts.map(({ change, actual }) => [change, actual])).toEqual([
      ["rate", "48000 Hz"],
      ["rate", "8000 Hz"],
    ]);
    expect(accepted).toHaveLength(3);
    expect(reasons()).toEqual(["rate", "rate"]);
  });

  it("tells a new channel once and sets its blocks aside", () => {
    const { ingest, accepted, reasons, drifts } = create();
    for (const number of [0, 1]) ingest.accept(makeBlock(number, { channel: "fe" }));
    expect(drifts).toMatchObject([{ change: "new-channel", channel: "fe" }]);
    expect(reasons()).toEqual(["unknown-channel", "unknown-channel"]);
    expect(accepted).toEqual([]);
  });

  it("tells a missing channel when a device introduces itself without it", () => {
    const { ingest, drifts } = create();
    const announce = (channels: readonly AnnouncedChannel[]): void =>
      ingest.announce({ deviceId: "mcu", channels, expected: ["de"], timestampMs: startMs });
    for (let hello = 0; hello < 2; hello++) {
      announce([{ name: "fe", unit: "g", sampleRateHz: 12_000 }]);
    }
    expect(drifts.map(({ change, channel }) => [change, channel])).toEqual([
      ["new-channel", "fe"],
      ["missing-channel", "de"],
    ]);
    announce([{ name: "de", unit: "g", sampleRateHz: 12_000 }]);
    announce([]);
    expect(drifts).toHaveLength(3);
  });

  it("accounts for every sample of any stream: accepted or set aside, never changed", () => {
    const odd = fc.record(
      {
        firstSample: fc.oneof(fc.nat(2000), fc.constant(-1), fc.double()),
        timestampMs: fc.oneof(fc.double(), fc.constant(startMs)),
        scale: fc.oneof(fc.double(), fc.constant(0.001)),
        sampleRateHz: fc.oneof(fc.double(), fc.constant(12_000)),
        unit: fc.constantFrom("g", "m/s2"),
        channel: fc.constantFrom("de", "fe"),
        counts: fc.int16Array({ maxLength: 60 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(odd, { maxLength: 20 }), (changes) => {
        const { ingest, accepted, quarantined } = create();
        const blocks = changes.map((change, index) => makeBlock(index, change));
        const copies = structuredClone(blocks);
        for (const block of blocks) ingest.accept(block);
        expect(blocks).toEqual(copies);
        const total = blocks.reduce((sum, block) => sum + block.counts.length, 0);
        const out = accepted.reduce((sum, block) => sum + block.counts.length, 0);
        const aside = quarantined
          .filter(({ reason }) => reason !== "gap")
          .reduce((sum, { samples }) => sum + samples, 0);
        expect(out + aside).toBe(total);
        for (const block of accepted) {
          for (const count of block.counts) expect(Math.abs(count * block.scale)).toBeLessThanOrEqual(50);
        }
      }),
    );
  });
});

describe("the limits of the waveform ingest", () => {
  it("bears a clock that is five seconds off, and no more, in either direction", () => {
    for (const [offMs, expected] of [
      [5000, []],
      [5001, ["time-jump"]],
      [-5000, []],
      [-5001, ["time-backwards"]],
    ] as const) {
      const { ingest, reasons } = create();
      ingest.accept(makeBlock(0));
      ingest.accept(makeBlock(1, { timestampMs: startMs + 10 + offMs }));
      expect(reasons()).toEqual(expected);
    }
  });

  it("calls a sensor stuck at exactly the declared number of identical samples", () => {
    for (const [run, expected] of [
      [39, []],
      [40, ["stuck"]],
    ] as const) {
      const { ingest, reasons } = create();
      const block = makeBlock(0);
      block.counts.fill(7, 20, 20 + run);
      block.counts[20 + run] = 8;
      block.counts[19] = 8;
      ingest.accept(block);
      expect(reasons()).toEqual(expected);
    }
  });

  it("does not join runs of identical samples over a gap", () => {
    const { ingest, reasons } = create();
    const flat = (number: number): RecordedBlock => makeBlock(number, { counts: new Int16Array(25).fill(7) });
    ingest.accept(flat(0));
    ingest.accept(flat(2));
    expect(reasons()).toEqual(["gap"]);
  });

  it("tells no more streams apart than its bound, and goes on with those it knows", () => {
    const accepted: string[] = [];
    const quarantined: Quarantine[] = [];
    const ingest = createWaveformIngest({
      contractOf: () => contract,
      sink: {
        quarantine: (quarantine) => quarantined.push(quarantine),
        schemaDrift: () => {},
      },
    });
    const accept = (block: RecordedBlock): void => {
      if (ingest.accept(block)) accepted.push(block.deviceId);
    };
    for (let device = 0; device <= maxStreams; device++) accept(makeBlock(0, { deviceId: `d${device}` }));
    accept(makeBlock(1, { deviceId: "d0" }));
    expect(accepted).toHaveLength(maxStreams + 1);
    expect(quarantined).toMatchObject([
      { reason: "unknown-channel", deviceId: `d${maxStreams}`, samples: 120 },
    ]);
  });
});
