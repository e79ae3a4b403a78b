import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readBundle } from "../../../../src/core/bundle/verify-bundle.ts";
import { writeBundle } from "../../../../src/core/bundle/write-bundle.ts";
import { newKey } from "../../../core/bundle/sample-bundle.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { auroraHere } from "../../aurora.ts";
import { shippedBundle } from "../recordings.ts";

const dir = fileURLToPath(new URL("../../../../models/turbine-scada/1.0.0", import.meta.url));
const { manifest, files } = await readBundle(dir);
const channels = manifest.channels.map(({ name }) => name);
const startMs = Date.parse("2020-03-01T00:00:00Z");

/** Six hours of a turbine that runs well, ten minutes a row. */
function renderTable(): string {
  const rows = Array.from({ length: 36 }, (_, row) => [
    new Date(startMs + row * 600_000).toISOString().slice(0, 19).replace("T", " "),
    ...channels.map((name) =>
      name === "power" ? 1000 + row : name === "wind-speed" ? 8.25 : 20 + (row % 5),
    ),
  ]);
  return [["PCTimeStamp", ...channels.with(0, "kW")], ...rows, []].map((row) => row.join(",")).join("\n");
}

function createFolder() {
  const folder = createTemporaryFolder();
  const at = (name: string): string => join(folder, name);
  writeFileSync(at("T01_mar.csv"), renderTable());
  writeFileSync(at("T02.csv"), renderTable());
  writeFileSync(at("columns.json"), '{"time": "PCTimeStamp", "power": "kW"}');
  return { folder, at, out: at("rows.jsonl") };
}

describe("aurora score of tables", () => {
  it("prints a summary a file, what is still missing, and writes a row a window", async () => {
    const { at, out } = createFolder();
    const args = [
      "score",
      dir,
      "--input",
      at("T01_mar.csv"),
      at("T02.csv"),
      "--out",
      out,
      "--columns",
      at("columns.json"),
      "--turbine",
      "T01=T01_*",
    ];
    const { code, stdout, stderr } = await auroraHere(...args, "--json");
    expect(code).toBe(0);
    expect(stderr.trimEnd().split("\n")).toEqual(
      ["T01", "T02"].map(
        (id) =>
          `note: ${id} is still being learnt: 36 of 6000 rows in normal operation; residuals, scores and inspections come after that`,
      ),
    );
    const { model, files, inspections } = JSON.parse(stdout) as {
      model: { name: string };
      files: object[];
      inspections: object[];
    };
    expect([model.name, inspections]).toEqual(["turbine-scada", []]);
    const nothing = { score: null, probability: null };
    expect(files).toEqual(
      [
        ["T01_mar.csv", "T01"],
        ["T02.csv", "T02"],
      ].map(([name, turbine]) => ({
        file: at(name!),
        turbine,
        windows: 36,
        learning: { rows: 36, of: 6000 },
        sensorFaults: [],
        states: { scored: 0, learning: 36, "not-operating": 0, frozen: 0 },
        setAside: { windows: 0, samples: {} },
        components: {
          gearbox: nothing,
          generator: nothing,
          "generator-bearing": nothing,
          transformer: nothing,
          "hydraulic-group": nothing,
        },
      })),
    );
    const rows = readFileSync(out, "utf8").trimEnd().split("\n");
    expect(rows).toHaveLength(72);
    expect(JSON.parse(rows[70]!)).toMatchObject({
      turbine: "T01",
      file: at("T01_mar.csv"),
      row: 36,
      from_ms: startMs + 35 * 600_000,
      state: "learning",
      "measured_gear-oil-temperature": 20,
      "residual_gear-oil-temperature": null,
      score_gearbox: null,
    });
    const text = await auroraHere(...args);
    expect(text.stdout).toBe(
      `${["T01, T01_mar.csv", "T02, T02.csv"]
        .map((what) => `${what}: 36 rows, of them 0 scored, 36 learnt from, 0 not in normal operation\n`)
        .join("")}\nno inspection would have been asked for\n`,
    );
  });

  it("scores the other files where one cannot be read, and ends with 1", async () => {
    const { folder, at, out } = createFolder();
    const { code, stdout, stderr } = await auroraHere(
      "score",
      dir,
      "--input",
      at("T02.csv"),
      folder,
      at("no.csv"),
      "--out",
      out,
      "--columns",
      at("columns.json"),
      "--json",
    );
    expect(code).toBe(1);
    const { files } = JSON.parse(stdout) as { files: { windows: number; error?: { code: string } }[] };
    expect(files.map(({ windows, error }) => [windows, error?.code])).toEqual([
      [36, undefined],
      [0, "DATA_FORMAT"],
      [0, "DATA_MISSING"],
    ]);
    expect(stderr).toMatch(/^error: .* is no table.*\nhint: .*\nerror: .*no\.csv.*\nhint: /);
    expect(stderr).toMatch(/\nnote: the policy ranks turbines against each other: of one that stands alone/);
  });

  it("says what columns it looked for, and leaves no table where nothing could be scored", async () => {
    const { folder, at, out } = createFolder();
    const before = readdirSync(folder);
    const { code, stdout, stderr } = await auroraHere("score", dir, "--input", at("T02.csv"), "--out", out);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^error: .*T02\.csv has no column of times: none is called time or timestamp or date\nhint: /,
    );
    expect(readdirSync(folder)).toEqual(before);
  });

  it.each([
    [
      "options of recordings",
      dir,
      ["--rate-hz", "10", "--baseline", "x.npy"],
      /--rate-hz, --baseline: this bundle scores tables/,
    ],
    ["a bearing", dir, ["--bearing", "x.yaml"], /--bearing: this bundle scores tables/],
    ["options of tables", shippedBundle, ["--repairs", "x.csv"], /--repairs: this bundle scores recordings/],
    ["a turbine without files", dir, ["--turbine", "T09=T09*"], /--turbine T09=T09\* fits none of the files/],
  ])("refuses %s with usage", async (_what, bundle, flags, message) => {
    const { at, out } = createFolder();
    const { code, stdout, stderr } = await auroraHere(
      "score",
      bundle,
      "--input",
      at("T02.csv"),
      "--out",
      out,
      ...flags,
    );
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/\nhint: /);
  });

  it.each([
    ["a folder", "", /cannot write .*: it is a folder\nhint: check --out/],
    ["an input", "T02.csv", /T02\.csv is an input, and --out would replace it/],
  ])("does not write over %s", async (_what, name, message) => {
    const { folder, at } = createFolder();
    const before = readdirSync(folder);
    const { code, stderr } = await auroraHere(
      "score",
      dir,
      "--input",
      at("T02.csv"),
      "--out",
      at(name),
      "--columns",
      at("columns.json"),
    );
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(message);
    expect(readdirSync(folder)).toEqual(before);
  });

  it("refuses repairs of a component that nobody knows", async () => {
    const { at, out } = createFolder();
    writeFileSync(at("log.csv"), "turbine,component,date\nT02,rotor,2020-03-02\n");
    const { code, stderr } = await auroraHere(
      "score",
      dir,
      "--input",
      at("T02.csv"),
      "--out",
      out,
      "--repairs",
      at("log.csv"),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/knows no component "rotor"\nhint: components are gearbox, generator, /);
  });
});

it("a bundle for neither recordings nor normal behaviour is scored neither way, and is told what can be done with it", async () => {
  const { folder, at, out } = createFolder();
  const { files: _, normalBehaviour: __, ...rest } = manifest;
  const prognosis = {
    ...rest,
    name: "turbine-prognosis",
    task: "prognosis" as const,
    outputs: [{ failureMode: "gearbox", title: "gearbox fails" }],
    calibration: [{ slope: 1, intercept: 0 }],
    thresholds: [{ raise: 0.9, onCount: 1, onWindows: 1, clear: 0.5, offWindows: 1 }],
  };
  await writeBundle(join(folder, "prognosis"), { manifest: prognosis, files }, newKey());
  const { code, stdout, stderr } = await auroraHere(
    "score",
    join(folder, "prognosis"),
    "--input",
    at("T02.csv"),
    "--out",
    out,
  );
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(
    /^error: turbine-prognosis@1\.0\.0: listens to no waveform .*\(its task is prognosis\)\nhint: recordings are .* tables .* `aurora evaluate DIR/,
  );
});
