/**
 * Data that is larger than memory: many gigabytes of recordings, a table of a gigabyte. Each is checked by the command in a process
 * with a small heap, and its peak of resident memory is held against that of a small part of the same data.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { linkSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { createRandom } from "../../src/core/maths/random.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import type { FaultLedger } from "../faults/fault-ledger.ts";
import type { OwnDataRig } from "./own-data-rig.ts";

/** What one check of data took. */
export interface LargeFigure {
  readonly megabytes: number;
  readonly peakRssMb: number;
  readonly seconds: number;
}

/** Heap of the process, in MB; what lies outside of it is counted by its resident memory. */
const heapMb = 512;
/** So much more than for the small part may be resident, in MB: buffers, and what the disk's cache maps. */
const mostGrowthMb = 160;
const megabyte = 1024 * 1024;
/** Of one recording; more gigabytes are more files. */
const fileMb = 256;
const pollMs = 50;

/** Checks recordings of a quarter of a gigabyte and of `gigabytes`, and a table of each size; gives what they took. */
export async function checkLargeData(
  rig: OwnDataRig,
  ledger: FaultLedger,
  gigabytes: number,
): Promise<Readonly<Record<string, LargeFigure>>> {
  const figures: Record<string, LargeFigure> = {};
  const kinds = { recordings: writeRecordings, table: writeTables } as const;
  for (const [kind, write] of Object.entries(kinds)) {
    const sizes = [fileMb, Math.max(fileMb, Math.round(1024 * gigabytes))];
    const measured: LargeFigure[] = [];
    for (const sizeMb of sizes) {
      const target = await write(join(rig.folder, `large-${kind}-${sizeMb}`), sizeMb);
      const figure = await measureCheck(target);
      measured.push(figure);
      figures[`${kind}, ${sizeMb} MB`] = figure;
      rig.say(`data check of ${kind}, ${sizeMb} MB: ${figure.peakRssMb} MB resident, ${figure.seconds} s`);
    }
    const [small, large] = measured as [LargeFigure, LargeFigure];
    ledger.check(
      `${kind}: ${large.megabytes} MB take no more memory than ${small.megabytes} MB`,
      large.peakRssMb < small.peakRssMb + mostGrowthMb,
      `${large.peakRssMb} MB against ${small.peakRssMb} MB`,
    );
  }
  return figures;
}

interface CheckTarget {
  readonly args: readonly string[];
  readonly megabytes: number;
}

/** Runs `aurora data check` and watches its resident memory; whatever it finds, it must come to its end. */
async function measureCheck({ args, megabytes }: CheckTarget): Promise<LargeFigure> {
  const command = join(packageRoot(), "dist", "src", "cli", "main.js");
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${heapMb}`, command, "data", "check", ...args],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  child.stdout.on("data", (piece: Buffer) => {
    said = `${said}${piece.toString()}`.slice(-4000);
  });
  child.stderr.resume();
  let peakKb = 0;
  const timer = setInterval(() => {
    // The kernel's own mark of the most that was ever resident.
    const status = readStatus(child.pid!);
    peakKb = Math.max(peakKb, Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0));
  }, pollMs);
  const [code] = (await once(child, "exit")) as [number | null];
  clearInterval(timer);
  if (code !== 0 && code !== 1) throw new Error(`data check ended with ${code}: ${said}`);
  return {
    megabytes,
    peakRssMb: Math.round(peakKb / 1024),
    seconds: Number(((performance.now() - began) / 1000).toFixed(1)),
  };
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    // It has just ended.
    return "";
  }
}

/** Noise of one machine in files of a quarter of a gigabyte: one on the disk, under as many names as it takes. */
async function writeRecordings(dir: string, sizeMb: number): Promise<CheckTarget> {
  mkdirSync(join(dir, "healthy"), { recursive: true });
  const first = join(dir, "healthy", "m0.wav");
  const random = createRandom(5);
  const noise = Int16Array.from({ length: megabyte / 2 }, () => Math.round(2000 * random.normal()));
  const dataBytes = fileMb * megabyte;
  await writeRepeated(first, encodeWavHead(dataBytes), { bytes: Buffer.from(noise.buffer), times: fileMb });
  const files = Math.ceil(sizeMb / fileMb);
  for (let index = 1; index < files; index++) linkSync(first, join(dir, "healthy", `m${index}.wav`));
  const manifest = join(dir, "recordings.yaml");
  const bearing = { balls: 9, ball_diameter: 7.94, pitch_diameter: 39.04 };
  const recordings = [{ file: "healthy/*.wav", label: "healthy", machine: "{1}" }];
  writeFileSync(manifest, JSON.stringify({ rpm: 1500, unit: "g", scale: 0.0005, bearing, recordings }));
  return { args: [manifest], megabytes: files * fileMb };
}

function encodeWavHead(dataBytes: number): Buffer {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0, "latin1");
  head.writeUInt32LE(36 + dataBytes, 4);
  head.write("WAVEfmt ", 8, "latin1");
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(25_600, 24);
  head.writeUInt32LE(2 * 25_600, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36, "latin1");
  head.writeUInt32LE(dataBytes, 40);
  return head;
}

/** A table of a farm of which one turbine is configured: rows of others are read and passed over. */
async function writeTables(dir: string, sizeMb: number): Promise<CheckTarget> {
  mkdirSync(dir, { recursive: true });
  const config = readFileSync(join(packageRoot(), "models", "turbine-scada", "train.yaml"), "utf8");
  const channels = [...config.matchAll(/^ {4}([a-z0-9-]+): ([A-Za-z0-9_]+)$/gm)].map(
    ([, , column]) => column!,
  );
  const head = `Turbine,Timestamp,${channels.join(",")}\n`;
  const rows = Array.from({ length: 4096 }, (_, row) => {
    const time = new Date(Date.UTC(2017, 4, 20) + row * 600_000).toISOString();
    const values = channels.map((_column, at) => (20 + (at % 7) + Math.sin(row / 9 + at)).toFixed(4));
    return `${row < 4 ? "T01" : `X${row % 40}`},${time},${values.join(",")}\n`;
  }).join("");
  const table = join(dir, "farm.csv");
  const times = Math.ceil((sizeMb * megabyte) / rows.length);
  await writeRepeated(table, Buffer.from(head), { bytes: Buffer.from(rows), times });
  const own = config
    .replace(
      / {2}tables:\n(?: {4}- .*\n)+/,
      '  tables:\n    - { files: "farm.csv" }\n  turbineColumn: Turbine\n',
    )
    .replace(/ {2}turbines: .*\n/, "  turbines: [T01]\n")
    .replace(/ {2}log:\n(?: {4}.*\n)+/, "")
    .replace(/ {2}costs:\n(?: {4}.*\n)+/, "");
  const path = join(dir, "train.yaml");
  writeFileSync(path, own);
  return { args: [path, "--data", dir], megabytes: Math.round(statSync(table).size / megabyte) };
}

async function writeRepeated(
  path: string,
  head: Buffer,
  { bytes, times }: { readonly bytes: Buffer; readonly times: number },
): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.write(head);
    for (let time = 0; time < times; time++) await file.write(bytes);
  } finally {
    await file.close();
  }
}
