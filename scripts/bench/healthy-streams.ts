/** Logits of healthy machines, a list a machine, of which the bench makes years. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createTurbineSimulation } from "../../src/core/simulate/turbine-simulation.ts";
import { extractRows } from "../../src/training/learn/extract-rows.ts";
import { runStudent } from "../../src/training/learn/train-student.ts";
import { dataFolder } from "../../test/support/data-folder.ts";
import { openCwruRecordings } from "../cwru-recordings.ts";
import { type BenchModel, observe } from "./alarm-scenes.ts";

export interface HealthyPool {
  readonly name: string;
  /** Of each machine its windows in the order of time. */
  readonly machines: readonly (readonly Float64Array[])[];
}

/** Five minutes each of healthy simulated turbines. */
export function readSimulatorPool(bench: BenchModel): HealthyPool {
  const machines = Array.from({ length: 16 }, (_, seed) => {
    const simulation = createTurbineSimulation({ seed: 970_000 + seed, turbines: 1, fault: "none" });
    const logits: Float64Array[] = [];
    const take = ({ prediction }: { prediction: { logits: Float64Array } }): void => {
      logits.push(prediction.logits);
    };
    observe(bench, simulation, { turbine: 0, fromS: 0, toS: 300, take });
    return logits;
  });
  return { name: "simulator", machines: machines.filter(({ length }) => length >= 32) };
}

/** Healthy ends of recordings whose bearings the bundle was trained on; null without the data. */
export async function readCwruPool(bench: BenchModel): Promise<HealthyPool | null> {
  if (!existsSync(join(dataFolder, "cwru"))) return null;
  const { manifest, student } = bench;
  const trained = new Set(manifest.lineage.data.flatMap(({ trainGroups }) => trainGroups));
  const columns = manifest.outputs.length;
  const machines: Float64Array[][] = [];
  const recordings = await openCwruRecordings(dataFolder);
  for (const entry of recordings.entries) {
    if (!entry.learn || entry.label !== "healthy" || !trained.has(entry.machine)) continue;
    const signal = await recordings.read(entry);
    const { rows, features } = extractRows(signal, manifest.window, manifest.features);
    if (rows < 4) continue;
    const logits = runStudent(student, features, rows);
    machines.push(
      Array.from({ length: rows }, (_, row) =>
        Float64Array.from(logits.subarray(row * columns, (row + 1) * columns)),
      ),
    );
  }
  return { name: "cwru other end", machines };
}
