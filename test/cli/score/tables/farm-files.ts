/** Tables of the invented farm of `test/gateway/points/scada`, and what a gateway's watch makes of the same readings. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { nameColumns } from "../../../../src/cli/score/tables/column-names.ts";
import type { LoggedRepair } from "../../../../src/cli/score/tables/read-repairs.ts";
import { type ScoredTables, scoreTables } from "../../../../src/cli/score/tables/score-tables.ts";
import { type NamedTurbine, nameTurbines } from "../../../../src/cli/score/tables/table-options.ts";
import { hourMs } from "../../../../src/core/maths/durations.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import type { LoadedBundle } from "../../../../src/core/serving/loaded-bundle.ts";
import type { FakeBundle } from "../../../gateway/fakes.ts";
import {
  channels,
  createScadaSite,
  type ScadaSite,
  startMs,
  unitOf,
} from "../../../gateway/points/scada/scada-site.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

/** One reading of each channel at an hour; NaN = none. */
export interface FarmRow {
  readonly turbine: string;
  readonly timeMs: number;
  readonly values: readonly number[];
}

/** Hours `from` … `to` (exclusive) of a turbine that runs; `change` is added to a channel. */
export function inventRows(
  turbine: string,
  from: number,
  to: number,
  change: (hour: number, channel: string) => number = () => 0,
): FarmRow[] {
  return Array.from({ length: to - from }, (_, index) => {
    const hour = from + index;
    const random = createRandom(hour * 7 + turbine.charCodeAt(1));
    const wind = 6 + 4 * random.uniform();
    const values = channels.map((channel) => {
      const noise = random.normal();
      const usual = channel === "wind" ? wind : channel === "power" ? 100 + (wind - 4) * 237.5 : 60 + noise;
      return usual + change(hour, channel);
    });
    return { turbine, timeMs: startMs + hour * hourMs, values };
  });
}

/** A CSV of the rows without their turbine; `timeOf` writes the times. */
export function renderCsv(
  rows: readonly FarmRow[],
  timeOf: (timeMs: number) => string = (timeMs) => new Date(timeMs).toISOString(),
): string {
  const lines = rows.map(({ timeMs, values }) =>
    [timeOf(timeMs), ...values.map((value) => (Number.isNaN(value) ? "" : `${value}`))].join(","),
  );
  return [["time", ...channels].join(","), ...lines, ""].join("\n");
}

/** A run of `scoreTables`: its summaries and the rows that it wrote, as text by column. */
export interface ScoredFolder extends ScoredTables {
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/** Scores files of these names and contents, in this order. */
export async function scoreFolder(
  bundle: LoadedBundle,
  files: Readonly<Record<string, string | Uint8Array>>,
  options: { readonly turbines?: readonly NamedTurbine[]; readonly repairs?: readonly LoggedRepair[] } = {},
): Promise<ScoredFolder> {
  const folder = createTemporaryFolder();
  const paths = Object.entries(files).map(([name, content]) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  });
  return scorePaths(bundle, paths, options);
}

/** The same with files that are there. */
export async function scorePaths(
  bundle: LoadedBundle,
  paths: readonly string[],
  options: Parameters<typeof scoreFolder>[2] = {},
  aliases: Parameters<typeof nameColumns>[1]["known"] = {},
): Promise<ScoredFolder> {
  const out = join(createTemporaryFolder(), "rows.csv");
  const scored = await scoreTables(bundle, {
    files: paths,
    turbines: nameTurbines(paths, options.turbines ?? []),
    out,
    columns: await nameColumns(
      bundle.manifest.channels.map(({ name }) => name),
      { known: aliases, channels: bundle.manifest.channels },
      undefined,
    ),
    repairs: options.repairs ?? [],
    progress: () => {},
  });
  const isWritten = scored.files.some(({ error }) => error === undefined);
  const [head = "", ...lines] = isWritten ? readFileSync(out, "utf8").trimEnd().split("\n") : [];
  const names = head.split(",");
  return {
    ...scored,
    files: scored.files.map((file) => ({ ...file, file: basename(file.file) })),
    rows: lines.map((line) =>
      Object.fromEntries(line.split(",").map((value, index) => [names[index]!, value])),
    ),
  };
}

/** Gives the rows to a gateway's watch over T1 and T2 as they would come, with a clock that ticks on after them. */
export async function watchRows(
  bundle: FakeBundle,
  rows: readonly FarmRow[],
  repairs: readonly { readonly component: string; readonly date: string }[] = [],
): Promise<ScadaSite> {
  const site = createScadaSite(repairs);
  const watch = site.start(bundle);
  const inTime = rows.toSorted((a, b) => a.timeMs - b.timeMs);
  for (const [index, { turbine, timeMs, values }] of inTime.entries()) {
    for (const [at, channel] of channels.entries()) {
      const reading = {
        deviceId: turbine,
        channel,
        unit: unitOf(channel),
        timestampMs: timeMs,
        value: values[at]!,
        arrivedMs: timeMs,
        arrivedMonotonicMs: 0,
      };
      watch.accept(reading);
    }
    if (inTime[index + 1]?.timeMs === timeMs) continue;
    watch.tick(timeMs);
    await watch.idle();
  }
  const lastMs = inTime.at(-1)!.timeMs;
  for (let hours = 1; hours < 28; hours++) watch.tick(lastMs + hours * hourMs);
  await watch.idle();
  return site;
}
