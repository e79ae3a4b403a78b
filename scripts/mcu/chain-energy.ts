/** What a window of the chain costs in energy: an estimate from data sheets' currents, nothing that was measured. */
import type { ChainCost } from "./measure-chain.ts";

/** A part whose data sheet states its core's current while it runs from flash. */
export interface NamedPart {
  readonly name: string;
  readonly clockMhz: number;
  readonly milliamperes: number;
  readonly volts: number;
  /** Where the current stands. */
  readonly source: string;
}

/** Cortex-M4F parts at the two clocks that shares are stated for. */
export const namedParts: readonly NamedPart[] = [
  {
    name: "nRF52832",
    clockMhz: 64,
    milliamperes: 3.7,
    volts: 3,
    source: "product specification: CoreMark from flash with cache, DC/DC",
  },
  {
    name: "STM32F407",
    clockMhz: 168,
    milliamperes: 40,
    volts: 3.3,
    source: "DS8626: from flash with its accelerator, peripherals off",
  },
];

/** Microamperes a megahertz. */
export function currentPerMhz({ milliamperes, clockMhz }: NamedPart): number {
  return (1000 * milliamperes) / clockMhz;
}

/**
 * Millijoules of one window on a part: its cycles from accelerated flash with the most wait states that are modelled, times
 * the energy of a cycle. Sleep between the samples, sensor and line are not in it. @throws Error for a core without wait states.
 */
export function estimateWindowMillijoules(cost: ChainCost, part: NamedPart): number {
  const cycles = cost.fromFlash.findLast(({ kind }) => kind === "accelerated")?.cycles;
  if (cycles === undefined) throw new Error(`no wait states are modelled for the ${cost.core}`);
  // 1 uA/MHz is 1 pC a cycle.
  return (cycles * cost.windowSeconds * currentPerMhz(part) * part.volts) / 1e9;
}
