/**
 * Wind, rotor, generator speed and power of one turbine of the 2 MW class, in steps of some
 * milliseconds. A quasi-static model with first-order lags: no blade dynamics, no grid faults.
 */
import type { OperatingState } from "../contract/prediction.ts";
import type { Random } from "../maths/random.ts";

/** The slowly varying state: vibration follows its speed and load. */
export interface WindTurbineState {
  /** Speed of the generator's shaft. */
  shaftRpm: number;
  powerKw: number;
  /** Power over rated power, 0 to 1. */
  load: number;
  operatingState: OperatingState;
}

/** What differs from turbine to turbine. */
interface WindTurbineOptions {
  /** Mean wind at hub height; drawn from 7 to 12 m/s when absent. */
  readonly meanWindMetresPerSecond?: number;
  /** Time constant of the slow wind in seconds, 600 when absent. */
  readonly slowWindS?: number;
}

interface WindTurbine {
  /** The same object all the time. */
  readonly state: Readonly<WindTurbineState>;
  /** One step of `stepS` seconds (at most 0.1). */
  step(stepS: number): void;
}

const ratedPowerKw = 2000;
const ratedWind = 12;
const cutInWind = 3.5;
const stopWind = 3;
const stormWind = 25;
const restartWind = 22;
const slowestRpm = 1000;
const gearRatio = 100;
/** Integral length of the rotor-averaged along-wind turbulence, in metres. */
const turbulenceLengthMetres = 150;
/** Share of the point turbulence that is left after averaging over the rotor's disc. */
const rotorAveraging = 0.6;
/** IEC 61400-1, normal turbulence model, category B. */
const referenceTurbulence = 0.14;

/** Creates a turbine in steady state at its first wind. */
export function createWindTurbine(random: Random, options: WindTurbineOptions): WindTurbine {
  const drawnMean = 7 + 5 * random.uniform();
  const { slowWindS = 600 } = options;
  const siteMean = options.meanWindMetresPerSecond ?? drawnMean;
  const ratedRpm = 1650 + 150 * random.uniform();
  const inertiaS = 7 + 5 * random.uniform();
  // Nobody takes this number of the seed's; those behind it are what the wind of each seed is made of.
  random.uniform();
  let slowWind = 0.6 * random.normal();
  let turbulence = random.normal();
  let effectiveWind = Math.max(0, siteMean + slowWind);
  let rotorAngle = 2 * Math.PI * random.uniform();
  let producing = effectiveWind > cutInWind && effectiveWind < stormWind;
  let speedRpm = producing ? speedTarget(effectiveWind, ratedRpm) : 0;

  const state: WindTurbineState = {
    shaftRpm: speedRpm,
    powerKw: 0,
    load: 0,
    operatingState: "standby",
  };
  const updatePower = (): void => {
    const aerodynamic = producing ? (effectiveWind / ratedWind) ** 3 : 0;
    // Below its slowest speed the generator is not on the grid.
    const coupled = speedRpm > 0.9 * slowestRpm ? Math.min(1, aerodynamic) : 0;
    state.load = coupled;
    state.powerKw = coupled > 0 ? coupled * ratedPowerKw : -8;
    state.operatingState =
      coupled === 0 ? "standby" : coupled >= 0.97 ? "full-performance" : "partial-performance";
  };
  updatePower();

  const step = (stepS: number): void => {
    slowWind = stepOrnsteinUhlenbeck(slowWind, { deviation: 0.6, timeConstantS: slowWindS, stepS }, random);
    const mean = Math.max(0, siteMean + slowWind);
    turbulence = stepOrnsteinUhlenbeck(
      turbulence,
      { deviation: 1, timeConstantS: turbulenceLengthMetres / Math.max(mean, 3), stepS },
      random,
    );
    const deviation = rotorAveraging * referenceTurbulence * (0.75 * mean + 5.6);
    const wind = Math.max(0, mean + deviation * turbulence);
    effectiveWind += ((wind - effectiveWind) * stepS) / 4;
    if (producing) producing = effectiveWind > stopWind && effectiveWind < stormWind;
    else producing = effectiveWind > cutInWind && effectiveWind < restartWind;
    const target = producing ? speedTarget(effectiveWind, ratedRpm) : 0;
    speedRpm += ((target - speedRpm) * stepS) / inertiaS;
    // Tower shadow and wind shear: a torque ripple at three times the rotor's speed.
    rotorAngle = (rotorAngle + (2 * Math.PI * speedRpm * stepS) / 60 / gearRatio) % (2 * Math.PI);
    state.shaftRpm = speedRpm * (1 + 0.0015 * Math.cos(3 * rotorAngle));
    updatePower();
  };
  return { state, step };
}

/** Optimal tip speed ratio between the slowest and the rated speed: speed in proportion to the wind. */
function speedTarget(windMetresPerSecond: number, ratedRpm: number): number {
  return Math.min(ratedRpm, Math.max(slowestRpm + 20, (ratedRpm * windMetresPerSecond) / 9.5));
}

/** Exact step of an Ornstein–Uhlenbeck (continuous AR(1)) process of zero mean. */
function stepOrnsteinUhlenbeck(
  value: number,
  process: { readonly deviation: number; readonly timeConstantS: number; readonly stepS: number },
  random: Random,
): number {
  const { deviation, timeConstantS, stepS } = process;
  const keep = Math.exp(-stepS / timeConstantS);
  return keep * value + deviation * Math.sqrt(1 - keep * keep) * random.normal();
}
