/**
 * Manifests for `aurora score --decide` of two sets of bearings' lives, made of what their own `index.json` say: `ims`
 * (healthy hours of four bearings, two directions each, and the last hour of two) and `pronostia` (six lives of
 * snapshots). Nothing of the recordings is copied; the manifests name files of the data folder.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { BearingOrders } from "../../src/core/contract/bundle/bearing.ts";
import { parseNpy } from "../parse-npy.ts";
import type { LifeSet } from "./replay-lives.ts";

const imsSchema = z.object({
  orders: z.object({ bpfo: z.number(), bpfi: z.number(), bsf: z.number(), ftf: z.number() }),
  files: z.record(
    z.string(),
    z.object({
      rate_hz: z.number(),
      rpm: z.number(),
      scale: z.number(),
      times: z.array(z.string().nullable()),
    }),
  ),
});

async function readImsIndex(
  dataDir: string,
): Promise<z.infer<typeof imsSchema> & { readonly folder: string }> {
  const folder = join(dataDir, "ims");
  return { folder, ...imsSchema.parse(JSON.parse(await readFile(join(folder, "index.json"), "utf8"))) };
}

/** A point a channel; the last hour of two of them is of the same point. The unit of the counts is not known. */
export async function describeIms(dataDir: string): Promise<LifeSet> {
  const { folder, orders, files } = await readImsIndex(dataDir);
  return {
    files: Object.keys(files).map((file) => join(folder, file)),
    manifest: {
      bearing: orders,
      recordings: Object.entries(files).map(([file, { rate_hz, rpm, times }]) => ({
        file,
        point: nameChannel(file),
        rows: "snapshots",
        times: spreadTimes(times),
        rateHz: rate_hz,
        shaftRpm: rpm,
      })),
    },
  };
}

/** Of the last hours only the first and the last snapshot's times are known: those between are spread evenly. */
function spreadTimes(times: readonly (string | null)[]): string[] {
  const known = times.flatMap((time, index) =>
    time === null ? [] : [{ index, timeMs: Date.parse(`${time}Z`) }],
  );
  return times.map((_, index) => {
    const before = known.findLast((each) => each.index <= index);
    const after = known.find((each) => each.index >= index);
    if (before === undefined || after === undefined)
      throw new Error("the first and the last snapshot need times");
    const share = before === after ? 0 : (index - before.index) / (after.index - before.index);
    return new Date(before.timeMs + share * (after.timeMs - before.timeMs)).toISOString();
  });
}

const pronostiaSchema = z.record(
  z.string(),
  z.object({ rate_hz: z.number(), rpm: z.number(), scale_g: z.number(), snapshot_every_s: z.number() }),
);

/** A healthy channel of `ims`, its snapshots in counts. */
export interface HealthyChannel {
  readonly point: string;
  readonly orders: BearingOrders;
  readonly rateHz: number;
  readonly shaftRpm: number;
  /** Samples of a snapshot. */
  readonly length: number;
  readonly snapshots: readonly Float64Array[];
}

/** Reads the eight healthy channels of `ims`. */
export async function readHealthyChannels(dataDir: string): Promise<readonly HealthyChannel[]> {
  const { folder, orders, files } = await readImsIndex(dataDir);
  const healthy = Object.entries(files).filter(([file]) => !file.endsWith("_end.npy"));
  return await Promise.all(
    healthy.map(async ([file, { rate_hz, rpm }]) => {
      const { shape, data } = parseNpy(await readFile(join(folder, file)), file);
      const [rows = 0, length = 0] = shape;
      const snapshots = Array.from({ length: rows }, (_, row) =>
        Float64Array.from(data.subarray(row * length, (row + 1) * length)),
      );
      return { point: nameChannel(file), orders, rateHz: rate_hz, shaftRpm: rpm, length, snapshots };
    }),
  );
}

const nameChannel = (file: string): string => file.replace(/^ims1_|(_end)?\.npy$/g, "");

/** A point a bearing; when the lives began is not stated: each begins with the same midnight. */
export async function describePronostia(dataDir: string): Promise<LifeSet> {
  const folder = join(dataDir, "pronostia");
  const files = pronostiaSchema.parse(JSON.parse(await readFile(join(folder, "index.json"), "utf8")));
  return {
    files: Object.keys(files).map((file) => join(folder, file)),
    manifest: {
      bearing: { bpfo: 5.611, bpfi: 7.389, bsf: 7.177, ftf: 0.4316 },
      recordings: Object.entries(files).map(([file, { rate_hz, rpm, scale_g, snapshot_every_s }]) => ({
        file,
        point: file.replace(/\.npy$/, ""),
        rows: "snapshots",
        time: "2012-01-01T00:00:00Z",
        everySeconds: snapshot_every_s,
        rateHz: rate_hz,
        shaftRpm: rpm,
        unit: "g",
        scale: scale_g,
      })),
    },
  };
}
