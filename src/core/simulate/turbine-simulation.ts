/**
 * Seeded wind turbines, each with an accelerometer on a generator bearing, one of which may develop a bearing fault.
 * Built from published mechanics, not from recordings; it imitates no particular machine.
 */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import {
  type BearingGeometry,
  computeBearingOrders,
  generatorBearings,
} from "../contract/bundle/bearing-geometry.ts";
import type { OperatingState } from "../contract/prediction.ts";
import { createRandom, type Random } from "../maths/random.ts";
import { accelerometerScale, createBearingSensor } from "./bearing-sensor.ts";
import { type DriftPlan, drawGreaseChange, drawWinterChange, type MachineChange } from "./drift-plan.ts";
import { createFaultExcitation } from "./fault-excitation.ts";
import { computeFaultSeverity, type FaultPlan, planScenario } from "./scenario.ts";
import { createWindTurbine, type WindTurbineState } from "./wind-turbine.ts";

export interface TurbineSimulationOptions {
  /** Any integer; the same seed gives the same samples, whatever the block sizes. */
  readonly seed: number;
  /** 1 to 100, default 3. A turbine's signal does not depend on how many there are. */
  readonly turbines?: number;
  /** Default `random`: planned from the seed by `planScenario`. */
  readonly fault?: FaultPlan | "none" | "random";
  /** What changes without being damage; default null: nothing. */
  readonly drift?: DriftPlan | null;
  /** Sensors of each turbine, 1 (default) or 2: the bearings at the generator's drive end and at its other end. */
  readonly sensors?: 1 | 2;
  /** 8,000 to 65,536; default 12,000. */
  readonly sampleRateHz?: number;
  /** Mean wind of the site; drawn per turbine, 7 to 12 m/s, when absent. */
  readonly meanWindMetresPerSecond?: number;
  /** Time constant of the slow wind in seconds; default 600. A shorter one lapses days of weather to minutes. */
  readonly slowWindS?: number;
}

interface SimulatedTurbine {
  readonly bearing: BearingGeometry;
  readonly orders: BearingOrders;
}

interface SimulatedBlock {
  /** Raw counts of the first sensor; valid until the turbine's next block. */
  readonly counts: Int16Array;
  /** Of all sensors, the first among them. */
  readonly sensors: readonly Int16Array[];
  /** Index of the first sample since the start. */
  readonly firstSample: number;
  /** Mean shaft speed over the block as a tachometer reads it (0.1 rpm). */
  readonly shaftRpm: number;
  readonly operatingState: OperatingState;
  /** True severity of the fault at the block's end, 0 when healthy: for tests and displays, no device knows it. */
  readonly severity: number;
}

export interface TurbineSimulation {
  readonly sampleRateHz: number;
  /** g per count: a 16-bit converter of ± 16 g. */
  readonly scale: number;
  readonly turbines: readonly SimulatedTurbine[];
  /** Of each turbine. */
  readonly sensors: 1 | 2;
  /** The fault that will come, or null. */
  readonly fault: FaultPlan | null;
  /** The next `samples` of a turbine (≥ 1). */
  nextBlock(turbine: number, samples: number): SimulatedBlock;
  /** The slow signals at the end of the turbine's last block. */
  state(turbine: number): Readonly<WindTurbineState>;
}

/** Steps of the slow models a second: the same at every sampling rate, so that the same seed has the same wind. */
const stepsPerSecond = 100;

/** Creates the simulation. Throws a RangeError for options out of range. */
export function createTurbineSimulation(options: TurbineSimulationOptions): TurbineSimulation {
  const { seed, turbines: count = 3, sampleRateHz = 12_000 } = options;
  if (!Number.isInteger(count) || count < 1 || count > 100) {
    throw new RangeError(`a simulation has 1 to 100 turbines, got ${count}`);
  }
  if (!(sampleRateHz >= 8_000 && sampleRateHz <= 65_536)) {
    throw new RangeError(`a sampling rate lies between 8,000 and 65,536 Hz, got ${sampleRateHz}`);
  }
  const chosen = options.fault ?? "random";
  const fault =
    chosen === "none" ? null : chosen === "random" ? planScenario(seed, { turbines: count }) : chosen;
  if (fault !== null && !(Number.isInteger(fault.turbine) && fault.turbine >= 0 && fault.turbine < count)) {
    throw new RangeError(`no turbine ${fault.turbine} among ${count}`);
  }
  const root = createRandom(seed);
  const running = Array.from({ length: count }, (_, index) => {
    const own = fault?.turbine === index ? fault : null;
    const drift = driftOf(options.drift ?? null, index);
    return createTurbine(root.fork(`turbine ${index}`), { sampleRateHz, fault: own, drift, options });
  });
  const at = (turbine: number): RunningTurbine => {
    const found = running[turbine];
    if (found === undefined) throw new RangeError(`no turbine ${turbine} among ${count}`);
    return found;
  };
  return {
    sampleRateHz,
    scale: accelerometerScale,
    turbines: running.map(({ fixed }) => fixed),
    sensors: options.sensors ?? 1,
    fault,
    nextBlock: (turbine, samples) => at(turbine).nextBlock(samples),
    state: (turbine) => at(turbine).state,
  };
}

interface RunningTurbine {
  readonly fixed: SimulatedTurbine;
  readonly state: Readonly<WindTurbineState>;
  nextBlock(samples: number): SimulatedBlock;
}

/** What of a drift a turbine takes part in. */
function driftOf(drift: DriftPlan | null, turbine: number): DriftPlan | null {
  return drift === null || drift.kind === "winter" || drift.turbine === turbine ? drift : null;
}

/** The other bearing hears a blow through the rotor: a quarter of it. */
const otherEndShare = 0.25;

interface TurbineParts {
  readonly sampleRateHz: number;
  readonly fault: FaultPlan | null;
  readonly drift: DriftPlan | null;
  readonly options: Pick<TurbineSimulationOptions, "meanWindMetresPerSecond" | "sensors" | "slowWindS">;
}

function createTurbine(
  random: Random,
  { sampleRateHz, fault, drift, options }: TurbineParts,
): RunningTurbine {
  const stepSamples = Math.round(sampleRateHz / stepsPerSecond);
  // Streams are forked in a fixed order, so that a fault or a drift changes nothing but itself.
  const bearing = generatorBearings[random.integer(generatorBearings.length)]!;
  const orders = computeBearingOrders(bearing);
  const wind = createWindTurbine(random.fork("wind"), options);
  const first = createBearingSensor(random.fork("vibration"), sampleRateHz, stepSamples);
  const knocks = random.fork("knocks");
  const faultRandom = random.fork("fault");
  const excitation = fault === null ? null : createFaultExcitation(fault.kind, orders, faultRandom);
  // Brake, yaw drive, cable or rain: a healthy nacelle knocks now and then.
  const knocksPerSecond = 0.02 + 0.18 * knocks.uniform();
  const stepS = stepSamples / sampleRateHz;
  let revolutions = random.uniform();
  const otherEnd = random.fork("other end");
  const change = drawChange(drift, random.fork("drift"));
  const sensors =
    options.sensors === 2 ? [first, createBearingSensor(otherEnd, sampleRateHz, stepSamples)] : [first];
  let counts = sensors.map(() => new Int16Array(0));
  let position = stepSamples;
  let stepIndex = 0;
  let stepRevolutions = 0;
  let severity = 0;
  let firstSample = 0;
  let hasDrifted = false;

  const beginDrift = (plan: DriftPlan): void => {
    hasDrifted = true;
    if (plan.kind === "sensor") sensors[plan.sensor]?.fail(plan.fault);
    if (change === null) return;
    for (const sensor of sensors) sensor.alter(change);
  };

  const renderStep = (): void => {
    wind.step(stepS);
    stepIndex++;
    const { state } = wind;
    const timeS = stepIndex * stepS;
    if (drift !== null && !hasDrifted && timeS >= drift.onsetS) beginDrift(drift);
    stepRevolutions = (state.shaftRpm / 60) * stepS;
    const to = revolutions + stepRevolutions;
    const relativeSpeed = state.shaftRpm / 1500;
    for (const sensor of sensors) sensor.beginStep();
    const { impacts } = first;
    if (knocks.uniform() < knocksPerSecond * stepS) {
      const strength = -Math.log(1 - knocks.uniform()) * 2 * first.broadbandRmsG;
      impacts[knocks.integer(stepSamples)]! += strength;
    }
    severity = fault === null ? 0 : computeFaultSeverity(fault, timeS);
    if (severity > 0) {
      // A blow is as hard as the speed and the load of the contact.
      const strength = severity * first.broadbandRmsG * relativeSpeed * (0.5 + 0.5 * state.load);
      excitation?.addTo(impacts, {
        samples: stepSamples,
        fromRevolutions: revolutions,
        toRevolutions: to,
        strength,
      });
    }
    const step = { fromRevolutions: revolutions, toRevolutions: to, relativeSpeed, load: state.load };
    for (const sensor of sensors) {
      if (sensor !== first) {
        const weaker = sensor.impacts;
        for (let index = 0; index <= stepSamples; index++) weaker[index] = otherEndShare * impacts[index]!;
      }
      sensor.render(step);
    }
    revolutions = to;
    position = 0;
  };

  const nextBlock = (samples: number): SimulatedBlock => {
    if (!Number.isInteger(samples) || samples < 1) {
      throw new RangeError(`a block has at least one sample, got ${samples}`);
    }
    if (counts[0]!.length !== samples) counts = sensors.map(() => new Int16Array(samples));
    let filled = 0;
    let turned = 0;
    while (filled < samples) {
      if (position === stepSamples) renderStep();
      const take = Math.min(stepSamples - position, samples - filled);
      for (const [index, { rendered }] of sensors.entries()) {
        counts[index]!.set(rendered.subarray(position, position + take), filled);
      }
      turned += (stepRevolutions * take) / stepSamples;
      position += take;
      filled += take;
    }
    const block: SimulatedBlock = {
      counts: counts[0]!,
      sensors: counts,
      firstSample,
      shaftRpm: Math.round((turned / samples) * sampleRateHz * 600) / 10,
      operatingState: wind.state.operatingState,
      severity,
    };
    firstSample += samples;
    return block;
  };
  return { fixed: { bearing, orders }, state: wind.state, nextBlock };
}

/** How the machine changes by a drift; null where it does not. */
function drawChange(drift: DriftPlan | null, random: Random): MachineChange | null {
  switch (drift?.kind) {
    case "grease":
      return drawGreaseChange(random);
    case "winter":
      return drawWinterChange(random);
    default:
      return null;
  }
}
