/**
 * Counts times a carrier of a few samples' period, as counts again. In plain JavaScript, and eight at a time in WebAssembly: whole
 * numbers, the same on every processor.
 */
import { countBytes, f64x2, i16x8, i32, repeat, vectorBytes } from "./wasm-code.ts";
import { createCountsIntake, encodeModule, preferVectors, startModule, takeRoom } from "./wasm-module.ts";

/** Counts of one run at most. */
export const mixingRunCounts = 512;

/** One for the whole process, of one carrier. */
export interface MixingKernel {
  /** Samples of a period. */
  readonly period: number;
  /** What came of a run, from the first on; valid until anybody's next run. */
  readonly mixed: Int16Array;
  /** Mixes `counts[from … to)`, of which the first stands at place `phase` of the period. */
  run(counts: Int16Array, from: number, to: number, phase: number): void;
}

/** A carrier is a fraction of so many bits: 32,767 stands for 1. */
export const carrierBits = 15;
const half = 2 ** (carrierBits - 1);

/** Creates the kernel in plain JavaScript: for machines without vectors, and to hold the other one against. */
export function createScriptMixingKernel(carrier: Int16Array): MixingKernel {
  const mixed = new Int16Array(mixingRunCounts);
  const period = carrier.length;
  return {
    period,
    mixed,
    // biome-ignore lint/complexity/useMaxParams: a kernel of the hot path
    run: (counts, from, to, phase) => {
      for (let index = from, turn = phase; index < to; index++) {
        mixed[index - from] = (Math.imul(counts[index]!, carrier[turn]!) + half) >> carrierBits;
        turn = turn + 1 === period ? 0 : turn + 1;
      }
    },
  };
}

const together = vectorBytes / countBytes;

/**
 * Creates the kernel in WebAssembly, in room that it shares. Null for a carrier that repeats within one vector.
 * @throws Error where the processor or the runtime has no vectors.
 */
export function createVectorMixingKernel(carrier: Int16Array): MixingKernel | null {
  const period = carrier.length;
  if (period < together) return null;
  const roomBytes = countBytes * (mixingRunCounts + together);
  const turnsBytes = countBytes * (period + together);
  const { memory, from: mixedAt } = takeRoom(2 * roomBytes + turnsBytes);
  const countsAt = mixedAt + roomBytes;
  const turnsAt = countsAt + roomBytes;
  const { buffer } = memory;
  const turns = new Int16Array(buffer, turnsAt, period + together);
  // A vector may begin anywhere in the period.
  turns.set(carrier);
  turns.set(carrier.subarray(0, together), period);
  const mix = startModule(encodeMixing({ period, turnsAt, mixedAt }), memory).find("mix");
  const takeIn = createCountsIntake(memory, countsAt, mixingRunCounts);
  return {
    period,
    mixed: new Int16Array(buffer, mixedAt, mixingRunCounts),
    // biome-ignore lint/complexity/useMaxParams: a kernel of the hot path
    run: (counts, from, to, phase) => {
      if (to <= from) return;
      const at = takeIn(counts, from, to);
      mix(at, at + countBytes * (to - from), turnsAt + countBytes * phase);
    },
  };
}

/** A kernel for a carrier: in vectors where there are any. */
export function createMixingKernel(carrier: Int16Array): MixingKernel {
  return preferVectors(
    () => createVectorMixingKernel(carrier),
    () => createScriptMixingKernel(carrier),
  );
}

/** `mix(at, stop, turn)`: the counts between two addresses, one at least, with the carrier from an address on. */
function encodeMixing({
  period,
  turnsAt,
  mixedAt,
}: Readonly<Record<"period" | "turnsAt" | "mixedAt", number>>): Uint8Array {
  const periodBytes = countBytes * period;
  return encodeModule("given", [
    {
      name: "mix",
      parameters: { at: "i32", stop: "i32", turn: "i32" },
      locals: { i32: "target" },
      body: ({ get, set, advance }) => {
        const isWithin = i32.isBelow(get("turn"), i32.constant(turnsAt + periodBytes));
        const over = i32.sub(i32.constant(1), isWithin);
        return [
          ...set("target", i32.constant(mixedAt)),
          ...repeat(
            [
              ...f64x2.store(
                { address: get("target") },
                i16x8.multiplyFractions(f64x2.load(get("at")), f64x2.load(get("turn"))),
              ),
              ...advance("target", vectorBytes),
              ...advance("turn", vectorBytes),
              ...set("turn", i32.sub(get("turn"), i32.mul(over, i32.constant(periodBytes)))),
              ...advance("at", vectorBytes),
            ],
            i32.isBelow(get("at"), get("stop")),
          ),
        ];
      },
    },
  ]);
}
