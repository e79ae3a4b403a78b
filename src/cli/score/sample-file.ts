/** What a recording on disk is to `score` and `explain`: one channel of samples that is read from its beginning as often as asked. */
import { open, stat } from "node:fs/promises";
import { extname } from "node:path";
import { AuroraError } from "../../contract/aurora-error.ts";
import { openCsvSamples } from "./csv-samples.ts";
import { openMatSamples } from "./mat-samples.ts";
import { openNpySamples } from "./npy-samples.ts";
import { openParquetSamples } from "./parquet-samples.ts";
import type { SampleFile } from "./samples.ts";

/**
 * Opens the channel (a column's name, or an index from 0) of a file; only its head is read. Fails with DATA_MISSING,
 * DATA_FORMAT, or USAGE where the file has several channels and none was chosen.
 */
export async function openSampleFile(path: string, channel: string | null): Promise<SampleFile> {
  const sizeBytes = await statFile(path);
  switch (extname(path).toLowerCase()) {
    case ".npy":
      return openNpySamples(path, sizeBytes, channel);
    case ".csv":
    case ".tsv":
    case ".txt":
      return openCsvSamples(path, channel);
    case ".mat":
      return openMatSamples(path, channel);
    case ".parquet":
      return openParquetSamples(path, channel);
    default:
      // Data loggers call their text by the time of day, or not at all.
      if (await isTextOfNumbers(path)) return openCsvSamples(path, channel);
      throw new AuroraError(
        "DATA_FORMAT",
        `${path} is neither .npy, .csv, .mat, .parquet nor a text of numbers`,
        {
          op: "open samples",
          subject: path,
          hint: "save the samples with numpy.save(name, array), or as comma-separated text",
        },
      );
  }
}

const headBytes = 4096;

/** Whether a file begins with numbers and what parts them, and nothing else. */
async function isTextOfNumbers(path: string): Promise<boolean> {
  const handle = await open(path, "r");
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    const head = buffer.toString("latin1", 0, bytesRead);
    return /\d/.test(head) && /^[\d\s.,;+\-eE]+$/.test(head);
  } finally {
    await handle.close();
  }
}

async function statFile(path: string): Promise<number> {
  try {
    const info = await stat(path);
    if (info.isFile()) return info.size;
  } catch (cause) {
    throw new AuroraError("DATA_MISSING", `cannot read ${path}`, {
      op: "open samples",
      subject: path,
      cause,
    });
  }
  throw new AuroraError("DATA_MISSING", `${path} is not a file`, {
    op: "open samples",
    subject: path,
    hint: `name the files in it, for example ${path.replace(/\/+$/, "")}/*.npy`,
  });
}
