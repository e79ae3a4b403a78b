/**
 * The bearing recordings of Case Western Reserve University: what each file holds, and its samples in counts.
 * Never scales or resamples: value in g = count · scale, at the recording's own rate (the normal one is 48 kHz,
 * most faulty ones 12 kHz). The same physical bearing appears in several files: see {@link CwruRecording.group}.
 */
import { join } from "node:path";
import { z } from "zod";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { BearingOrders } from "../../core/contract/bundle/bearing.ts";
import type { FaultKind } from "../../core/contract/bundle/bearing-fault.ts";
import { parseNpy } from "../../training/dataset/npy.ts";
import { readDataFile, readDataText } from "../../training/dataset/read-data-file.ts";

/** Where a bearing or an accelerometer sits: drive end or fan end. */
export type CwruEnd = "DE" | "FE";

/** What was done to the bearing. */
export type CwruFault = "normal" | "IR" | "OR" | "B";

/** Kinds of faults by the data set's letters. */
export const cwruFailureModes: Readonly<Record<CwruFault, FaultKind | null>> = {
  normal: null,
  IR: "inner-race",
  OR: "outer-race",
  B: "ball",
};

/** Fault frequencies in orders of the shaft: SKF 6205 at the drive end, SKF 6203 at the fan end. */
export const cwruBearings: Readonly<Record<CwruEnd, BearingOrders>> = {
  DE: { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 },
  FE: { bpfo: 3.053, bpfi: 4.9469, bsf: 3.9874, ftf: 0.3817 },
};

export interface CwruRecording {
  /** Name in the folder, for example `12k_DEfault_B007_load0.npy`. */
  readonly file: string;
  readonly fault: CwruFault;
  /** The end that carries the fault; null for the normal recording. */
  readonly faultEnd: CwruEnd | null;
  readonly diameterMil: number;
  readonly loadHp: number;
  readonly sampleRateHz: number;
  readonly shaftRpm: number;
  /** False: the nominal speed was filled in. */
  readonly shaftRpmMeasured: boolean;
  /** In the order of the array's rows. `scale` in g per count. */
  readonly channels: readonly { readonly end: CwruEnd; readonly scale: number }[];
  /** The physical faulty bearing, for example `DE_B_7`; `normal` without a fault. What must not be split. */
  readonly group: string;
}

export interface CwruSignal {
  readonly recording: CwruRecording;
  readonly end: CwruEnd;
  readonly counts: Int16Array;
  /** g per count. */
  readonly scale: number;
}

const end = z.enum(["DE", "FE"]);
const indexSchema = z.object({
  recordings: z
    .array(
      z.object({
        file: z.string().regex(/^[A-Za-z0-9_]+\.npy$/),
        fault: z.enum(["normal", "IR", "OR", "B"]),
        fault_end: end.nullable(),
        fault_diameter_in: z.number().min(0).max(1).nullable(),
        load_hp: z.number(),
        rpm: z.number().positive(),
        rpm_measured: z.boolean(),
        fs_hz: z.number().positive(),
        channels: z
          .array(z.object({ name: end, scale: z.number().positive() }))
          .min(1)
          .max(2),
      }),
    )
    .min(1)
    .max(10_000),
});

/** Reads `index.json` of the folder. Fails with DATA_MISSING or DATA_FORMAT. */
export async function readCwruIndex(dir: string): Promise<readonly CwruRecording[]> {
  const path = join(dir, "index.json");
  const text = await readDataText(path, 16 * 1024 * 1024);
  let parsed: z.infer<typeof indexSchema>;
  try {
    parsed = indexSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AuroraError("DATA_FORMAT", `${path} is not an index of recordings`, {
      op: "read recordings",
      subject: path,
      hint: "the folder must be the cwru folder of the data set, unchanged",
      cause,
    });
  }
  return parsed.recordings.map((entry) => {
    const diameterMil = Math.round((entry.fault_diameter_in ?? 0) * 1000);
    return {
      file: entry.file,
      fault: entry.fault,
      faultEnd: entry.fault === "normal" ? null : entry.fault_end,
      diameterMil,
      loadHp: entry.load_hp,
      sampleRateHz: entry.fs_hz,
      shaftRpm: entry.rpm,
      shaftRpmMeasured: entry.rpm_measured,
      channels: entry.channels.map((channel) => ({ end: channel.name, scale: channel.scale })),
      group: entry.fault === "normal" ? "normal" : `${entry.fault_end}_${entry.fault}_${diameterMil}`,
    };
  });
}

/** Reads the samples of every channel of a recording, in the order of its channels. Fails as `readDataFile`, `parseNpy`. */
export async function readCwruSignals(dir: string, recording: CwruRecording): Promise<readonly CwruSignal[]> {
  const path = join(dir, recording.file);
  const array = parseNpy(await readDataFile(path, 64 * 1024 * 1024), path);
  const [rows, samples] = array.shape;
  if (!(array.data instanceof Int16Array) || array.shape.length !== 2 || rows !== recording.channels.length) {
    throw new AuroraError(
      "DATA_FORMAT",
      `${path}: expected ${recording.channels.length} rows of int16, got (${array.shape.join(", ")})`,
      { op: "read recording", subject: path, hint: "index.json and the recordings must be of one version" },
    );
  }
  const counts = array.data;
  return recording.channels.map((channel, row) => ({
    recording,
    end: channel.end,
    counts: counts.subarray(row * samples!, (row + 1) * samples!),
    scale: channel.scale,
  }));
}
