/**
 * SINE1 and MIXED (Gama et al., 2004; Pesaranghader et al., 2018), drawn from a seed or read from a file: 100,000 rows, labels
 * swapped at every 20,000th (over 50 rows), 10 % of the labels wrong.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { createRandom, type Random } from "../../src/core/maths/random.ts";

/** One row: its attributes as numbers, and its class. */
export interface LabelledRow {
  readonly x: readonly number[];
  readonly label: 0 | 1;
}

export const streamNames = ["sine1", "mixed"] as const;
export type StreamName = (typeof streamNames)[number];
const streamRows = 100_000;
export const driftEvery = 20_000;
const transitionRows = 50;
const wrongLabels = 0.1;

/** Draws a stream. */
export function drawStream(name: StreamName, seed: number): readonly LabelledRow[] {
  const random = createRandom(seed).fork(name);
  return Array.from({ length: streamRows }, (_, row) => {
    const { x, inside } = name === "sine1" ? drawSine(random) : drawMixed(random);
    const concept = drawConcept(row, random);
    const isWrong = random.uniform() < wrongLabels;
    return { x, label: (inside !== (concept % 2 === 1)) !== isWrong ? 1 : 0 };
  });
}

/** The concept that a row is of; in a transition the new one grows by a sigmoid (Bifet et al., 2010). */
function drawConcept(row: number, random: Random): number {
  const concept = Math.floor(row / driftEvery);
  const since = row - concept * driftEvery;
  if (concept === 0 || since >= transitionRows) return concept;
  const share = 1 / (1 + Math.exp((-4 * (since - transitionRows / 2)) / transitionRows));
  return random.uniform() < share ? concept : concept - 1;
}

function drawSine(random: Random): { x: readonly number[]; inside: boolean } {
  const [x, y] = [random.uniform(), random.uniform()];
  return { x: [x, y], inside: y <= Math.sin(x) };
}

function drawMixed(random: Random): { x: readonly number[]; inside: boolean } {
  const [v, w] = [random.integer(2), random.integer(2)];
  const [x, y] = [random.uniform(), random.uniform()];
  const below = y < 0.5 + 0.3 * Math.sin(3 * Math.PI * x) ? 1 : 0;
  return { x: [v, w, x, y], inside: v + w + below >= 2 };
}

/** Reads a gzipped ARFF file of numbers and True/False, the class (p, n) last. */
export function readStream(path: string): readonly LabelledRow[] {
  const text = gunzipSync(readFileSync(path), { maxOutputLength: 64_000_000 }).toString("utf8");
  const lines = text.slice(text.toLowerCase().indexOf("@data") + 5).split("\n");
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const fields = line.split(",").map((field) => field.trim());
      const x = fields
        .slice(0, -1)
        .map((field) => (field === "True" ? 1 : field === "False" ? 0 : Number(field)));
      if (x.some(Number.isNaN)) throw new Error(`${path}: not a row of numbers: ${line}`);
      return { x, label: fields.at(-1) === "p" ? 1 : 0 };
    });
}
