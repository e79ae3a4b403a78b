import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { hasProgram } from "../scripts/mcu/toolchain.ts";
import { componentHealths, turbineStateSchema } from "../src/core/contract/turbine-state.ts";
import {
  readDocumentedMetrics,
  readDocumentedRuleFile,
  readDocumentedRules,
} from "./support/documented-metrics.ts";
import { createTemporaryFolder } from "./support/temporary-folder.ts";

const root = resolve(import.meta.dirname, "..");
const documents = ["README.md", ...below("src"), ...below("firmware-bridge"), "models/README.md"];

function below(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((entry) => entry.endsWith(".md"))
    .map((entry) => `${folder}/${entry}`);
}

/** Targets of links, and sources that the text names by a path. */
function findPaths(document: string): string[] {
  const text = readFileSync(join(root, document), "utf8");
  const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) =>
    join(dirname(document), match[1]!),
  );
  const named = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\.(?:ts|mjs|md|c|h|proto|grit))`/g)].map(
    (match) => match[1]!,
  );
  return [...links, ...named];
}

/** A path is told from the root, from the document's own folder, or from `src`. */
function exists(path: string, document: string): boolean {
  return ["", dirname(document), "src"].some((folder) => existsSync(join(root, folder, path)));
}

it.each(documents)("%s names only files that are there", (document) => {
  expect(findPaths(document).filter((path) => !exists(path, document))).toEqual([]);
});

it("finds what the documents name", () => {
  expect(documents.length).toBeGreaterThan(20);
  expect(findPaths("src/ARCHITECTURE.md")).toContain("test/architecture.test.ts");
});

it("gives a reason for every dependency", () => {
  const record = readFileSync(join(root, "src/adr/0003-native-large-and-young-dependencies.md"), "utf8");
  const { dependencies, optionalDependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  ) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies });
  const isNamed = (name: string): boolean =>
    record
      .split(/[\s,;|()]+|\.\s/)
      .includes(name.replace("@biomejs/", "").replace("@tensorflow/tfjs-b", "tfjs-b"));
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !isNamed(name))).toEqual([]);
});

it("wakes by rules that are YAML and ask for a gateway's figures", () => {
  const rules = readDocumentedRules();
  expect(rules.length).toBeGreaterThan(5);
  const figures = readDocumentedMetrics("Figures of a gateway").map((row) => row.split(" ")[0]);
  for (const rule of rules) {
    expect(Object.keys(rule).filter((key) => !["alert", "expr", "for"].includes(key))).toEqual([]);
    expect(rule.alert).toMatch(/^[A-Z]\w+$/);
    const named = [...rule.expr.matchAll(/aurora_\w+/g)].map(([name]) => name);
    expect(figures).toEqual(expect.arrayContaining(named));
  }
});

it.skipIf(!hasProgram("promtool"))(
  "wakes for each component in alarm, a collector that is gone and a disk that is slow again and again, and not for a withheld alarm or one slow write (needs promtool)",
  () => {
    const folder = createTemporaryFolder();
    const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
    const alarms = (component: string, values: string) => ({
      series: `aurora_component_alarms{turbine="t1",component="${component}",severity="warning"}`,
      values,
    });
    const slowest = (write: string, values: string) => ({
      series: `aurora_store_write_slowest_seconds{write="${write}"}`,
      values,
    });
    const firing = (component: string) => ({
      exp_labels: { turbine: "t1", component, severity: "warning" },
    });
    const tests = [
      {
        interval: "1m",
        input_series: [
          alarms("gearbox", "1x20"),
          alarms("main-bearing", "0x5 1x15"),
          alarms("generator-bearing", "0x20"),
          { series: "aurora_alarms_active", values: "3x20" },
          { series: 'up{job="aurora-collector"}', values: "0x20" },
          slowest("state", "0.02x4 2.5x40"),
          slowest("records", "0.02x9 4x9 0.02x25"),
        ],
        alert_rule_test: [
          { eval_time: "4m", alertname: "AlarmStands", exp_alerts: [firing("gearbox")] },
          {
            eval_time: "15m",
            alertname: "AlarmStands",
            exp_alerts: [firing("gearbox"), firing("main-bearing")],
          },
          {
            eval_time: "15m",
            alertname: "CollectorGone",
            exp_alerts: [{ exp_labels: { job: "aurora-collector" } }],
          },
          { eval_time: "18m", alertname: "DiskSlow", exp_alerts: [] },
          ...["25m", "40m"].map((eval_time) => ({
            eval_time,
            alertname: "DiskSlow",
            exp_alerts: [{ exp_labels: { write: "state" } }],
          })),
        ],
      },
    ];
    write("rules.yml", readDocumentedRuleFile());
    write("tests.yml", JSON.stringify({ rule_files: ["rules.yml"], tests }));
    const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", "tests.yml"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining("SUCCESS")]);
  },
);

it("tells of every command that ends with a report and exit code 1", () => {
  const [, text = ""] = readFileSync(join(root, "src/ERRORS.md"), "utf8").split("\nA bad verdict");
  const folder = join(root, "src/cli/commands");
  const reporting = readdirSync(folder).filter((file) =>
    readFileSync(join(folder, file), "utf8").includes("process.exitCode = 1"),
  );
  const missing = reporting.filter(
    (file) => !text.includes(`\`${file.replace(".ts", "").replace("-", " ")}`),
  );
  expect([reporting.length > 5, missing]).toEqual([true, []]);
});

it("says of every health of a turbine and of a component what it means", () => {
  const [, section = ""] = readFileSync(join(root, "src/ALERTS.md"), "utf8").split("\n## Health\n");
  const { health: schema } = z.toJSONSchema(turbineStateSchema()).properties as Record<string, object>;
  const { enum: healths } = schema as { readonly enum: readonly string[] };
  for (const health of healths) expect(section).toContain(`| \`health: ${health}\` |`);
  const row = section.split("\n").find((line) => line.startsWith("| a component's `health` |"));
  for (const health of componentHealths) expect(row).toContain(`\`${health}\``);
});
