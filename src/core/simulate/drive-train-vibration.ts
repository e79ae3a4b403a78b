/**
 * What an accelerometer on a generator's drive-end bearing feels: shaft harmonics, gear mesh with side bands, hum of
 * the machine and its converter, broadband rolling noise through the structure's resonances, and a fault's impacts
 * through the same structure. Levels are those of ISO 10816-21 machines, drawn again for every turbine.
 */
import type { Random } from "../maths/random.ts";
import type { MachineChange } from "./drift-plan.ts";
import { createFastNoise } from "./fast-noise.ts";
import { modulatedTones, type Tone, tablePoints, tabulateTones } from "./periodic-table.ts";
import { createResonators, type Resonance } from "./resonator.ts";

/** How the turbine runs during one block. */
interface DriveTrainBlock {
  readonly samples: number;
  readonly fromRevolutions: number;
  readonly toRevolutions: number;
  /** Shaft speed over 1,500 rpm at the end of the block. */
  readonly relativeSpeed: number;
  /** 0 to 1, at the end of the block. */
  readonly load: number;
}

/** Of what the machine does by itself, in g at 1,500 rpm and full load. */
interface DriveTrainGains {
  readonly shaft: number;
  readonly mesh: number;
  readonly grid: number;
  readonly noise: number;
}

interface DriveTrainVibration {
  /** Rms of the broadband vibration at 1,500 rpm and full load, in g: the yardstick of a fault's severity. */
  readonly broadbandRmsG: number;
  /**
   * Writes `block.samples` accelerations in g to `out`. `impacts` are forces scaled so that 1 rings to a peak of
   * about 1 g in the bearing's housing.
   */
  render(out: Float64Array, impacts: Float64Array, block: DriveTrainBlock): void;
  /** From the next block on its structure is another than the one that was drawn. */
  alter(change: MachineChange): void;
}

/** Creates one drive train and its sensor; `largestBlock` bounds `samples`. */
export function createDriveTrainVibration(
  random: Random,
  sampleRateHz: number,
  largestBlock: number,
): DriveTrainVibration {
  const phase = (): number => 2 * Math.PI * random.uniform();
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  const broadbandRmsG = between(0.15, 0.4);
  const shaftTable = tabulateTones(drawShaftTones(between, phase));
  const meshTable = tabulateTones(drawMeshTones(between, phase));
  const gridTable = tabulateTones(drawGridTones(between, phase));
  // Rolling noise is a little stronger where the shaft is heavy or bent: healthy machines are cyclostationary too.
  const roughnessTable = tabulateTones(
    [1, 2, 3].map((order) => ({ order, amplitude: between(0.01, 0.1) / order, phaseRad: phase() })),
    1,
  );
  const resonances = drawResonances(broadbandRmsG, between).filter(
    ({ frequencyHz }) => frequencyHz < 0.45 * sampleRateHz,
  );
  let resonators = createResonators(resonances, sampleRateHz);
  const rolling = createFastNoise(random.integer(0x7fffffff));
  const electronics = createFastNoise(random.integer(0x7fffffff));
  // 100 µg/√Hz to 200 µg/√Hz, a good MEMS accelerometer.
  const noiseFloorG = between(1e-4, 2e-4) * Math.sqrt(sampleRateHz / 2);
  const offsetG = between(-0.03, 0.03);
  const gridTurnsPerSample = (50 * (1 + 0.0004 * random.normal())) / sampleRateHz;
  const intermediateOrder = between(0.22, 0.31);
  const meshDepth = between(0.03, 0.15);
  const noise = new Float64Array(largestBlock);
  const floor = new Float64Array(largestBlock);
  let gridTurn = random.uniform();
  /** At the end of the last block; null: there was none. */
  let gains: DriveTrainGains | null = null;

  const render = (out: Float64Array, impacts: Float64Array, block: DriveTrainBlock): void => {
    const { samples, relativeSpeed, load } = block;
    const turning = Math.min(1, relativeSpeed * 2);
    const modulation = 1 + meshDepth * Math.cos(2 * Math.PI * block.toRevolutions * intermediateOrder);
    // Unbalance grows with the square of speed, mesh forces with torque, rolling noise with both.
    const to: DriveTrainGains = {
      shaft: relativeSpeed * relativeSpeed,
      mesh: turning * relativeSpeed * (0.25 + 0.75 * load) * modulation,
      grid: load > 0 ? 0.4 + 0.6 * load : 0,
      noise: relativeSpeed ** 1.5 * (0.6 + 0.4 * load),
    };
    // What changes with each sample is a local variable: one of a closure would be allocated anew each time.
    let { shaft: shaftGain, mesh: meshGain, grid: gridGain, noise: noiseGain } = gains ?? to;
    let gridAngle = gridTurn;
    const perSample = 1 / samples;
    const shaftStep = (to.shaft - shaftGain) * perSample;
    const meshStep = (to.mesh - meshGain) * perSample;
    const gridStep = (to.grid - gridGain) * perSample;
    const noiseStep = (to.noise - noiseGain) * perSample;
    const turnStep = (block.toRevolutions - block.fromRevolutions) * perSample;
    let turn = block.fromRevolutions - Math.floor(block.fromRevolutions);
    rolling.fill(noise, samples);
    electronics.fill(floor, samples);
    for (let index = 0; index < samples; index++) {
      const at = turn * tablePoints;
      const point = at | 0;
      const fraction = at - point;
      const gridAt = gridAngle * tablePoints;
      const gridPoint = gridAt | 0;
      const gridFraction = gridAt - gridPoint;
      const shaft = shaftTable[point]! + fraction * (shaftTable[point + 1]! - shaftTable[point]!);
      const mesh = meshTable[point]! + fraction * (meshTable[point + 1]! - meshTable[point]!);
      const grid = gridTable[gridPoint]! + gridFraction * (gridTable[gridPoint + 1]! - gridTable[gridPoint]!);
      out[index] =
        offsetG + shaftGain * shaft + meshGain * mesh + gridGain * grid + noiseFloorG * floor[index]!;
      // A slowly varying gain needs no interpolation.
      noise[index]! *= noiseGain * roughnessTable[point]!;
      shaftGain += shaftStep;
      meshGain += meshStep;
      gridGain += gridStep;
      noiseGain += noiseStep;
      turn += turnStep;
      if (turn >= 1) turn -= 1;
      gridAngle += gridTurnsPerSample;
      if (gridAngle >= 1) gridAngle -= 1;
    }
    gridTurn = gridAngle;
    gains = to;
    resonators.addTo(out, { noise, impacts }, samples);
  };
  const alter = (change: MachineChange): void => {
    const altered = resonances.map((each) => alterResonance(each, change));
    resonators = createResonators(altered, sampleRateHz);
  };
  return { broadbandRmsG, render, alter };
}

function alterResonance(resonance: Resonance, change: MachineChange): Resonance {
  const { frequencyHz, dampingRatio, noiseRmsG, impactPeakG } = resonance;
  return {
    frequencyHz: frequencyHz * change.frequencyRatio,
    dampingRatio: dampingRatio * change.dampingRatio,
    noiseRmsG: noiseRmsG * 10 ** (change.rollingDb(frequencyHz) / 20),
    impactPeakG: impactPeakG * 10 ** (change.impactDb / 20),
  };
}

type Between = (low: number, high: number) => number;

/** Unbalance, misalignment and looseness: the first few harmonics of the shaft. */
function drawShaftTones(between: Between, phase: () => number): Tone[] {
  const first = between(0.02, 0.08);
  return [1, 0.5, 0.3, 0.15, 0.1, 0.07].map((share, index) => ({
    order: index + 1,
    amplitude: first * share * between(0.3, 1.5),
    phaseRad: phase(),
  }));
}

/** Mesh of the gearbox's high-speed stage, felt through the coupling, with side bands of the shaft. */
function drawMeshTones(between: Between, phase: () => number): Tone[] {
  const teeth = Math.floor(between(22, 33));
  const strongest = between(0.04, 0.15);
  return [1, 0.5, 0.25].flatMap((share, index) =>
    modulatedTones(
      { order: teeth * (index + 1), amplitude: strongest * share * between(0.4, 1.2), phaseRad: phase() },
      {
        modulationOrder: 1,
        amplitudes: [between(0.1, 0.4), between(0.05, 0.2), between(0.02, 0.1)],
      },
      phase,
    ),
  );
}

/** Magnetic hum at twice the grid's frequency and its harmonics, and the converter's switching near 2.5 kHz. */
function drawGridTones(between: Between, phase: () => number): Tone[] {
  const hum = between(0.01, 0.04);
  const tones: Tone[] = [2, 6, 12].map((order, index) => ({
    order,
    amplitude: (hum * between(0.3, 1)) / (index + 1),
    phaseRad: phase(),
  }));
  const switching: Tone = { order: 50, amplitude: between(0.003, 0.02), phaseRad: phase() };
  return [
    ...tones,
    ...modulatedTones(switching, { modulationOrder: 2, amplitudes: [between(0.3, 0.8)] }, phase),
  ];
}

/**
 * Frame, end shield and bearing housing. Noise rings in all of them; an impact mostly in the housing, between 2 and
 * 4 kHz. The shares of the noise add up to `broadbandRmsG`, of the impacts to about a peak of 1 g.
 */
function drawResonances(broadbandRmsG: number, between: Between): Resonance[] {
  const shares = [
    { low: 350, high: 800, noise: between(0.3, 0.7), impact: 0.04 },
    { low: 1000, high: 1800, noise: between(0.3, 0.7), impact: 0.12 },
    { low: 2000, high: 2900, noise: between(0.3, 0.7), impact: between(0.4, 0.8) },
    { low: 3000, high: 4200, noise: between(0.3, 0.7), impact: between(0.4, 0.8) },
    { low: 6500, high: 9500, noise: between(0.2, 0.5), impact: between(0.2, 0.5) },
  ];
  const noiseNorm = broadbandRmsG / Math.sqrt(shares.reduce((sum, share) => sum + share.noise ** 2, 0));
  const impactNorm = 1 / Math.sqrt(shares.reduce((sum, share) => sum + share.impact ** 2, 0));
  return shares.map((share) => ({
    frequencyHz: between(share.low, share.high),
    dampingRatio: between(0.02, 0.06),
    noiseRmsG: share.noise * noiseNorm,
    impactPeakG: share.impact * impactNorm,
  }));
}
