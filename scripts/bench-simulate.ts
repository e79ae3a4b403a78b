/** Prints how fast the turbine simulation renders: `npx tsx scripts/bench-simulate.ts`. */
import { faultKinds } from "../src/core/contract/bundle/bearing-fault.ts";
import { createTurbineSimulation } from "../src/core/simulate/turbine-simulation.ts";
import { readOptions } from "./suite-options.ts";

readOptions({
  command: "npx tsx scripts/bench-simulate.ts",
  does: "How fast the turbine simulation renders.",
  options: {},
});
const blockSamples = 512;
const blocks = 20_000;
for (const sampleRateHz of [12_000, 48_000]) {
  for (const kind of ["none", ...faultKinds] as const) {
    const fault =
      kind === "none" ? kind : ({ turbine: 0, kind, onsetS: 0, growthS: 0, finalSeverity: 5 } as const);
    const simulation = createTurbineSimulation({ seed: 1, turbines: 1, fault, sampleRateHz });
    for (let block = 0; block < blocks / 4; block++) simulation.nextBlock(0, blockSamples);
    const startedMs = performance.now();
    for (let block = 0; block < blocks; block++) simulation.nextBlock(0, blockSamples);
    const millions = (blocks * blockSamples) / (performance.now() - startedMs) / 1000;
    console.log(`${sampleRateHz} Hz, fault ${kind}: ${millions.toFixed(1)} M samples/s`);
  }
}
