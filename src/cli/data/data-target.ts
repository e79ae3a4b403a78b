/** What `aurora data check` is asked about: a manifest, or a training configuration that names one, and the folder of the data. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse as parseYaml } from "yaml";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { fieldsOf } from "../../core/contract/fields.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { findDataDir } from "../terminal/installation.ts";
import type { DataExpectations } from "./recording-findings.ts";

export interface DataTarget {
  readonly manifest: string;
  /** Where its files lie. */
  readonly root: string;
  readonly expectations: DataExpectations;
  /** Features of a window. */
  readonly features: number;
}

const maxBytes = 1024 * 1024;
/** As the shipped bundles' data contract has it, where a configuration says nothing else. */
const usual: DataExpectations = {
  contract: { unit: "g", min: -50, max: 50, minRateHz: 10_000, maxRateHz: 52_000, stuckAfter: 256 },
  windowRevolutions: 30,
};
const usualFeatures = 21;

/** Finds them; `data` is as `--data`. Fails with CONFIG_INVALID, DATA_MISSING. */
export async function findTarget(path: string, data: string | undefined): Promise<DataTarget> {
  if (existsSync(join(path, "recordings.yaml"))) return findTarget(join(path, "recordings.yaml"), data);
  const bytes = await readFileBounded(path, maxBytes, {
    missing: "CONFIG_INVALID",
    tooLarge: "CONFIG_INVALID",
    op: "check data",
    hint: "name a manifest of recordings or a training configuration; `aurora data init DIR` writes both",
  });
  const config = readFields(bytes, path);
  const dataset = fieldsOf(config.dataset);
  if (config.dataset === undefined) {
    return { manifest: path, root: data ?? dirname(path), expectations: usual, features: usualFeatures };
  }
  if (dataset.kind !== "recordings" || typeof dataset.manifest !== "string") {
    throw new AuroraError("CONFIG_INVALID", `${path} names no manifest of recordings`, {
      op: "check data",
      subject: path,
      hint: "recordings are checked: dataset: {kind: recordings, manifest: recordings.yaml}",
    });
  }
  const { folder } = dataset;
  return {
    manifest: join(dirname(path), dataset.manifest),
    root: typeof folder === "string" ? join(findDataDir(data), folder) : (data ?? dirname(path)),
    expectations: expect(config),
    features: listOf(fieldsOf(config.features).list).length || usualFeatures,
  };
}

/** `dataset.kind` of a training configuration; null: it is none, or cannot be read, which whoever reads it says. */
export async function readDataKind(path: string): Promise<string | null> {
  const bytes = await readFileBounded(path, maxBytes, { op: "check data" }).catch(() => null);
  const kind = bytes === null ? null : fieldsOf(readFields(bytes, path).dataset).kind;
  return typeof kind === "string" ? kind : null;
}

/** What the configuration says of them; a fine-tuned one takes its parent's. */
function expect(config: Readonly<Record<string, unknown>>): DataExpectations {
  const waveform =
    listOf(config.channels)
      .map(fieldsOf)
      .find(({ kind }) => kind === "waveform") ?? {};
  const { contract, windowRevolutions } = usual;
  const number = (key: "min" | "max" | "minRateHz" | "maxRateHz" | "stuckAfter"): number =>
    typeof waveform[key] === "number" ? waveform[key] : contract[key]!;
  const { length } = fieldsOf(config.window);
  return {
    contract: {
      unit: typeof waveform.unit === "string" ? waveform.unit : contract.unit,
      min: number("min"),
      max: number("max"),
      minRateHz: number("minRateHz"),
      maxRateHz: number("maxRateHz"),
      stuckAfter: number("stuckAfter"),
    },
    windowRevolutions: typeof length === "number" ? length : windowRevolutions,
  };
}

/** A table of recordings has no such keys. What is no YAML is said where the manifest is read. */
function readFields(bytes: Uint8Array, path: string): Readonly<Record<string, unknown>> {
  if (path.toLowerCase().endsWith(".csv")) return {};
  try {
    return fieldsOf(parseYaml(new TextDecoder().decode(bytes), { maxAliasCount: 100 }));
  } catch {
    return {};
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
