/** Renders what the chain costs as lines of text. */
import { currentPerMhz, estimateWindowMillijoules, namedParts } from "./chain-energy.ts";
import { chainStages } from "./chain-stages.ts";
import type { ChainCost } from "./measure-chain.ts";

const clocksMhz = [64, 168];

/** Tables of stages, shares of a core, wait states and energy. */
export function renderChain(costs: readonly ChainCost[]): string[] {
  const line = (what: string, value: (cost: ChainCost) => string): string =>
    `  ${what.padEnd(28)}${costs.map((cost) => value(cost).padStart(11)).join("")}`;
  const rate = (costs[0]?.sampleRateHz ?? 0) / 1000;
  const lines = [
    `the whole chain, cycles a second of signal at ${rate} kHz (models, not silicon)`,
    line("Cortex-", ({ core }) => core.toUpperCase()),
    ...chainStages.map(({ stage }) => line(stage, ({ stages }) => count(stages[stage]))),
    line("all", ({ cycles }) => count(cycles)),
    line("a sample", ({ cycles, sampleRateHz }) => (cycles / sampleRateHz).toFixed(1)),
    ...clocksMhz.map((mhz) =>
      line(`share of ${mhz} MHz`, ({ cycles }) => `${(cycles / (mhz * 1e4)).toFixed(2)} %`),
    ),
  ];
  for (const cost of costs.filter(({ fromFlash }) => fromFlash.length > 0)) {
    lines.push("", `the same on the ${cost.core.toUpperCase()} from a flash with wait states`);
    for (const { kind, waitStates, cycles } of cost.fromFlash) {
      const more = `${((100 * cycles) / cost.cycles - 100).toFixed(1)} % more`;
      lines.push(`  ${`${waitStates}, ${kind}`.padEnd(28)}${count(cycles).padStart(11)}  ${more}`);
    }
    lines.push(
      "",
      `energy of a window (${cost.windowSeconds.toFixed(2)} s), estimated from data sheets' currents and the last line above`,
    );
    for (const part of namedParts) {
      const current = `${part.milliamperes} mA at ${part.clockMhz} MHz, ${currentPerMhz(part).toFixed(0)} uA/MHz, ${part.volts} V`;
      lines.push(
        `  ${part.name.padEnd(28)}${`${estimateWindowMillijoules(cost, part).toFixed(2)} mJ`.padStart(11)}  ${current} (${part.source})`,
      );
    }
  }
  return lines;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
