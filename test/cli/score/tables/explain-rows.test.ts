import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withBundle } from "../../../../src/cli/score/files/open-bundle.ts";
import { listColumnNames, nameColumns } from "../../../../src/cli/score/tables/column-names.ts";
import {
  explainRows,
  type RowExplanation,
  renderRowExplanation,
} from "../../../../src/cli/score/tables/explain-rows.ts";
import { readBundle } from "../../../../src/core/bundle/verify-bundle.ts";
import type { Reading } from "../../../../src/core/contract/stream.ts";
import { createRowCutter, type ScadaRow } from "../../../../src/core/serving/row-cutter.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { auroraHere } from "../../aurora.ts";

const dir = new URL("../../../../models/turbine-scada/1.0.0", import.meta.url).pathname;
const { manifest, files } = await readBundle(dir);
const channels = manifest.channels.map(({ name }) => name);
const startMs = Date.parse("2020-03-01T00:00:00Z");
const readingAt = (row: number, channel: number): number => 20 + channel + 3 * Math.sin(row / 5 + channel);

/** Six hours; `change` edits a row's fields. */
function writeTable(
  names: readonly string[],
  change: (row: number, fields: string[]) => readonly string[] = (_row, fields) => fields,
  separator = ",",
): string {
  const path = join(createTemporaryFolder(), "rows.csv");
  const rows = Array.from({ length: 36 }, (_, row) => {
    const time = new Date(startMs + row * 600_000).toISOString();
    return change(row, [time, ...names.map((_, channel) => `${readingAt(row, channel)}`)]).join(separator);
  });
  writeFileSync(path, [["Timestamp", ...names].join(separator), ...rows, ""].join("\n"));
  return path;
}

async function explain(
  path: string,
  aliases = listColumnNames({ files }),
  atMs?: number,
): Promise<RowExplanation> {
  return withBundle(dir, async (bundle) => {
    const known = { known: aliases, channels: bundle.manifest.channels };
    const columns = await nameColumns(channels, known, undefined);
    return explainRows(bundle, path, { columns, atMs });
  });
}

describe("explaining the last row of a table", () => {
  it("takes the features that the gateway cuts of the same readings, and adds up", async () => {
    const explanation = await explain(writeTable(channels));
    const cut: ScadaRow[] = [];
    const cutter = createRowCutter(manifest, new Map(), {
      onRow: (row) => cut.push(row),
      onQuarantine: () => {},
    });
    for (let row = 0; row < 36; row++) {
      for (const [index, channel] of channels.entries()) {
        const { unit } = manifest.channels[index]!;
        const reading: Reading = {
          deviceId: "d",
          channel,
          unit,
          timestampMs: startMs + row * 600_000,
          value: readingAt(row, index),
          arrivedMs: startMs + row * 600_000,
          arrivedMonotonicMs: 0,
        };
        cutter.accept(reading);
      }
    }
    cutter.advance(startMs + 37 * 600_000, startMs + 37 * 600_000);
    expect(cut).toHaveLength(36);
    const expected = await withBundle(dir, (bundle) => bundle.score({ features: cut.at(-1)!.features }));
    expect(explanation.row).toEqual({ atMs: startMs + 35 * 600_000, rows: 36 });
    expect(explanation.places.map(({ quantised }) => quantised)).toEqual([...expected.quantised]);
    for (const place of explanation.places) {
      const sum = place.groups.reduce((total, { share }) => total + share, place.baseValue);
      expect(Math.abs(sum - place.expected)).toBeLessThan(1e-9);
      expect(place.measured).toBe(readingAt(35, channels.indexOf(place.channel)));
      expect(place.unit).toBe("degC");
    }
    const text = renderRowExplanation(explanation, false);
    expect(text).toMatch(/gear oil \(gearbox\) {2}expected [\d.-]+ degC, measured [\d.]+\n {2}because .+█/);
    expect(text).toContain("(degC)");
  });

  it("knows columns by the names of the data, with semicolons, and passes over a row that lacks a reading", async () => {
    const aliases = listColumnNames({ files });
    const own = await explain(writeTable(channels));
    const foreign = channels.map((name) => aliases[name] as string);
    expect((await explain(writeTable(foreign, undefined, ";"))).places).toEqual(own.places);
    const holed = await explain(
      writeTable(channels, (row, fields) => (row === 35 ? fields.with(1, "") : fields)),
    );
    expect(holed.row.rows).toBe(35);
  });

  it("explains the last row until a moment, as if the table ended there", async () => {
    const until = startMs + 20.5 * 600_000;
    const whole = await explain(writeTable(channels), undefined, until);
    const cut = writeTable(channels);
    writeFileSync(cut, readFileSync(cut, "utf8").split("\n").slice(0, 22).join("\n"));
    expect(whole.row).toEqual({ atMs: startMs + 20 * 600_000, rows: 21 });
    expect(whole).toEqual({ ...(await explain(cut)), file: whole.file });
    await expect(explain(writeTable(channels), undefined, startMs - 1)).rejects.toMatchObject({
      code: "DATA_FORMAT",
      message: expect.stringContaining("has no row until 2020-02-29T23:59:59.999Z with"),
    });
  });

  it.each([
    ["no column of times", (names: string[]) => ["when", ...names.slice(1)].join(","), /no column of times/],
    [
      "no column for an input",
      (names: string[]) => ["time", "x", ...names.slice(2)].join(","),
      /column for power/,
    ],
    ["times that do not rise", (names: string[]) => names.join(","), /row 2: its time/, 5],
  ])("refuses a table with %s", async (_what, head, message, second = 6) => {
    const path = join(createTemporaryFolder(), "rows.csv");
    const values = channels.map(() => "1").join(",");
    writeFileSync(path, `${head(["time", ...channels])}\n5,${values}\n${second},${values}\n`);
    await expect(explain(path)).rejects.toMatchObject({
      code: "DATA_FORMAT",
      message: expect.stringMatching(message),
    });
  });

  it("refuses what is no table as such", async () => {
    const path = join(createTemporaryFolder(), "rows.parquet");
    writeFileSync(path, "PAR1 no");
    await expect(explain(path)).rejects.toMatchObject({ code: "DATA_FORMAT" });
    await expect(explain("/nowhere.csv")).rejects.toMatchObject({ code: "DATA_MISSING" });
  });

  it("is what the command prints", async () => {
    const path = writeTable(channels);
    const { code, stdout, stderr } = await auroraHere("explain", dir, "--window", path, "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const printed: RowExplanation = JSON.parse(stdout);
    expect(printed.places).toHaveLength(manifest.outputs.length);
  });

  it.each([
    ["12.5", /--at is "12.5", which does not lie between 1990 and 2099/],
    ["yesterday", /--at is "yesterday", which is neither ISO 8601/],
  ])("is refused at %s", async (at, message) => {
    const { code, stderr } = await auroraHere("explain", dir, "--window", writeTable(channels), "--at", at);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
