/** Turbines that the tests of the gateway watch. */
import {
  accelerometerChannel,
  createSimulatedSource,
  type SampleSource,
} from "../../src/cli/device/sample-source.ts";
import type { BearingOrders } from "../../src/core/contract/bundle/bearing.ts";
import type { FaultKind } from "../../src/core/contract/bundle/bearing-fault.ts";
import { createTurbineSimulation } from "../../src/core/simulate/turbine-simulation.ts";

/** A turbine's stream and what a configuration must say of it. */
export interface TestTurbine {
  readonly source: SampleSource;
  readonly bearing: BearingOrders;
}

/** How a fault develops. */
export interface TestFault {
  readonly kind: FaultKind;
  /** Simulated seconds before it begins; it has grown two seconds later. */
  readonly onsetS: number;
}

/** A turbine in steady wind, running from the start. */
export function createTurbine(
  seed: number,
  fault: TestFault | null,
  durationS: number = Number.POSITIVE_INFINITY,
): TestTurbine {
  const simulation = createTurbineSimulation({
    seed,
    turbines: 1,
    meanWindMetresPerSecond: 9,
    fault: fault === null ? "none" : { turbine: 0, ...fault, growthS: 2, finalSeverity: 7 },
  });
  return {
    source: createSimulatedSource(simulation, 0, durationS),
    bearing: simulation.turbines[0]!.orders,
  };
}

/** A source whose samples and speed a test makes; the samples of one channel, 12 kHz, 16 g at full scale. */
export function createMadeSource(
  read: (into: Int16Array) => { readonly samples: number; readonly shaftRpm: number },
  channel: Partial<SampleSource["channels"][number]> = {},
): SampleSource {
  return {
    channels: [
      {
        name: accelerometerChannel("DE"),
        unit: "g",
        sampleRateHz: 12_000,
        scale: 16 / 32_768,
        ...channel,
      },
    ],
    read: (into) => read(into[0]!),
  };
}
