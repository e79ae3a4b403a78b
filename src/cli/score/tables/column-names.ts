/**
 * What a table's columns are called: as the channels of the bundle, as the data that it was made from, or as a file of
 * `--columns` says (YAML or JSON: `power: "Active power (kW)"`, and `time` and `turbine` for those two).
 */
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import type { Bundle } from "../../../core/bundle/bundle.ts";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { readFileBounded } from "../../../core/platform/files/bounded-read.ts";
import { bundledConfigName } from "../../../training/bundle/bundled-files.ts";
import { type ReadingColumns, usualColumns } from "./read-readings.ts";

const maxFileBytes = 1024 * 1024;
const name = z.string().min(1).max(256);
const namesSchema = z.record(name, name);

/** Names for `channels`; `known` are those of the bundle's own data. Reads `path` where one is given. Fails with DATA_MISSING, CONFIG_INVALID. */
export async function nameColumns(
  channels: readonly string[],
  known: Readonly<Record<string, string | undefined>>,
  path: string | undefined,
): Promise<ReadingColumns> {
  const given = path === undefined ? {} : await readNames(path, channels);
  const present = (names: readonly (string | undefined)[]): readonly string[] =>
    names.filter((each) => each !== undefined);
  return {
    time: present([given.time, ...usualColumns.time]),
    turbine: present([given.turbine, ...usualColumns.turbine]),
    channels: new Map(
      channels.map((channel) => [channel, present([given[channel], channel, known[channel]])]),
    ),
  };
}

/**
 * Names that a bundle's own configuration knows its channels' columns by (`dataset.columns`; `columns` where it was made
 * before data sets named them); none where it has no such list. Columns in another unit than the channel's are left out:
 * scoring reads every value in the channel's unit.
 */
export function listColumnNames({
  files,
}: Pick<Bundle, "files">): Readonly<Record<string, string | undefined>> {
  const bytes = files.get(bundledConfigName);
  if (bytes === undefined) return {};
  let config: { readonly columns?: unknown; readonly dataset?: { readonly columns?: unknown } } | null;
  try {
    config = parseYaml(new TextDecoder().decode(bytes), { maxAliasCount: 16 });
  } catch {
    // A configuration that is no YAML is the evaluation's concern; here it names no columns.
    return {};
  }
  const columns = config?.dataset?.columns ?? config?.columns;
  if (typeof columns !== "object" || columns === null) return {};
  return Object.fromEntries(
    Object.entries(columns).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

async function readNames(
  path: string,
  channels: readonly string[],
): Promise<Readonly<Record<string, string | undefined>>> {
  const bytes = await readFileBounded(path, maxFileBytes, { op: "read columns" });
  const refuse = (message: string, cause?: unknown): AuroraError =>
    new AuroraError("CONFIG_INVALID", `${path} ${message}`, {
      op: "read columns",
      subject: path,
      hint: `it names columns as YAML or JSON, such as {time: "Date", power: "Active power"}; channels are ${channels.join(", ")}`,
      ...(cause === undefined ? {} : { cause }),
    });
  let document: unknown;
  try {
    document = parseYaml(new TextDecoder().decode(bytes), { maxAliasCount: 0 });
  } catch (cause) {
    throw refuse("is neither YAML nor JSON", cause);
  }
  const parsed = namesSchema.safeParse(document);
  if (!parsed.success) throw refuse("does not name a column for each of its keys");
  const unknown = Object.keys(parsed.data).filter(
    (key) => key !== "time" && key !== "turbine" && !channels.includes(key),
  );
  if (unknown.length > 0)
    throw refuse(`speaks of ${unknown.join(", ")}, which the bundle has no channel for`);
  return parsed.data;
}
