/**
 * Weeks of machines that are monitored as most wind turbines are, a snapshot of a second every ten minutes: real healthy
 * snapshots, drawn again and again, and in some of them an invented fault that grows in three days. Seeded. The snapshots
 * stay in the data folder; what is made of them lies in a scratch folder while it is played.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FaultKind } from "../../src/core/contract/bundle/bearing-fault.ts";
import { createRandom, type Random } from "../../src/core/maths/random.ts";
import { createFaultExcitation } from "../../src/core/simulate/fault-excitation.ts";
import { createResonators } from "../../src/core/simulate/resonator.ts";
import type { HealthyChannel } from "./life-manifests.ts";
import type { LifeSet } from "./replay-lives.ts";
import { measureLine } from "./visible-line.ts";

const snapshotsOfWeek = 1008;
export const everySeconds = 600;
/** The first snapshot with a fault follows this one. */
export const faultFrom = 504;
const growingSnapshots = 432;
/** Blows of the grown fault, in rms of the healthy channel. */
const grown = [6, 12] as const;
/** An exponential fault grows by this factor. */
const growth = 300;

/** How a fault grows, from 0 to 1 of its growing time. */
export type Growth = "linear" | "exponential";

/** What is played. */
export interface WeekPlan {
  readonly channel: HealthyChannel;
  readonly fault: { readonly kind: FaultKind; readonly growth: Growth } | null;
  readonly seed: number;
}

/** A week in files. */
export interface InventedWeek {
  readonly set: LifeSet;
  /** Height of the fault's line over its neighbours, by snapshot; empty without a fault. */
  readonly lines: readonly number[];
}

/** When the week begins. */
export const weekStartMs: number = Date.UTC(2020, 0, 6);

/** Writes a week to `folder`. */
export async function inventWeek(plan: WeekPlan, folder: string): Promise<InventedWeek> {
  const { channel, fault } = plan;
  const { orders, rateHz, shaftRpm, length } = channel;
  const random = createRandom(plan.seed).fork(channel.point);
  const draw = createDraw(channel.snapshots.length, random.fork("order"));
  const level = Math.sqrt(meanSquare(channel.snapshots));
  const addFault = fault === null ? null : createGrowingFault(channel, fault.kind, random.fork("fault"));
  const rows = new Int16Array(snapshotsOfWeek * length);
  const sum = new Float64Array(length);
  const lines: number[] = [];
  for (let row = 0; row < snapshotsOfWeek; row++) {
    const { at, round } = draw();
    sum.set(channel.snapshots[at]!);
    // A replay does not hear samples that it has heard before: one step of one of them, and a snapshot is another one.
    sum[0]! += round;
    if (fault !== null) {
      const share = (row - faultFrom) / growingSnapshots;
      if (share > 0) addFault!(sum, level * growAt(fault.growth, share));
      lines.push(measureLine({ samples: sum, rateHz, shaftRpm }, fault.kind, orders));
    }
    for (let index = 0; index < length; index++) {
      rows[row * length + index] = Math.max(-32768, Math.min(32767, Math.round(sum[index]!)));
    }
  }
  const path = join(folder, "week.npy");
  await writeFile(path, Buffer.concat([describeArray(snapshotsOfWeek, length), Buffer.from(rows.buffer)]));
  const time = new Date(weekStartMs).toISOString();
  const recording = {
    file: path,
    point: channel.point,
    rows: "snapshots",
    time,
    everySeconds,
    rateHz,
    shaftRpm,
  };
  return { set: { files: [path], manifest: { bearing: orders, recordings: [recording] } }, lines };
}

/** The first of three snapshots in a row whose line stands `height` times above its neighbours; null: none. */
export function findVisible(lines: readonly number[], height: number): number | null {
  const at = lines.findIndex((_, index) => {
    const three = lines.slice(index, index + 3);
    return index >= faultFrom && three.length === 3 && three.every((line) => line >= height);
  });
  return at < 0 ? null : at;
}

function growAt(law: Growth, share: number): number {
  const held = Math.min(1, share);
  return law === "linear" ? held : growth ** (held - 1);
}

/** Every snapshot once, then every one once more in another order; `round` counts these. */
function createDraw(count: number, random: Random): () => { readonly at: number; readonly round: number } {
  const order = Array.from({ length: count }, (_, index) => index);
  let next = count;
  let round = -1;
  return () => {
    if (next === count) {
      random.shuffle(order);
      next = 0;
      round++;
    }
    return { at: order[next++]!, round };
  };
}

/** Adds a second of a fault whose blows ring at `strength`. */
function createGrowingFault(
  { orders, rateHz, shaftRpm, length }: HealthyChannel,
  kind: FaultKind,
  random: Random,
): (samples: Float64Array, strength: number) => void {
  const excitation = createFaultExcitation(kind, orders, random.fork("blows"));
  const frequencyHz = 1500 + 5000 * random.uniform();
  const dampingRatio = 0.02 + 0.04 * random.uniform();
  const peak = grown[0] + (grown[1] - grown[0]) * random.uniform();
  const noise = new Float64Array(length);
  let revolutions = 0;
  return (samples, strength) => {
    const impacts = new Float64Array(length + 1);
    const fromRevolutions = revolutions;
    revolutions += ((length / rateHz) * shaftRpm) / 60;
    excitation.addTo(impacts, {
      samples: length,
      fromRevolutions,
      toRevolutions: revolutions,
      strength: strength * peak,
    });
    createResonators([{ frequencyHz, dampingRatio, noiseRmsG: 0, impactPeakG: 1 }], rateHz).addTo(
      samples,
      { noise, impacts },
      length,
    );
  };
}

function meanSquare(snapshots: readonly Float64Array[]): number {
  let sum = 0;
  let count = 0;
  for (const snapshot of snapshots) {
    const mean = snapshot.reduce((total, value) => total + value, 0) / snapshot.length;
    for (const value of snapshot) sum += (value - mean) ** 2;
    count += snapshot.length;
  }
  return sum / count;
}

/** The head of a NumPy file of 16 bit numbers. */
function describeArray(rows: number, columns: number): Buffer {
  const text = `{'descr': '<i2', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const head = Buffer.alloc(128, " ");
  head.write("\x93NUMPY\x01\x00", 0, "latin1");
  head.writeUInt16LE(118, 8);
  head.write(text, 10, "latin1");
  head.write("\n", 127, "latin1");
  return head;
}
