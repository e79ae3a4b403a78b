/**
 * `npm run test:mcu-cwru [-- --json] [--on m3|m4|m7]`: whether a microcontroller decides as the gateway on every window of the CWRU
 * recordings. The data is found through AURORA_DATA, else ../shared/data. Exit code 1 when a window differs in its
 * decision or an integer of the student in its definition.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { dataFolder } from "../test/support/data-folder.ts";
import { compareCwru } from "./mcu/compare-cwru.ts";
import { readShippedModels } from "./mcu/shipped-models.ts";
import { coreNames, cores } from "./mcu/toolchain.ts";
import { readOneOf, readOptions, refuseWrong } from "./suite-options.ts";

const { values } = readOptions({
  command: "npm run test:mcu-cwru",
  does: "Whether a microcontroller decides as the gateway on every window of the CWRU recordings.",
  options: {
    json: { type: "boolean", default: false, means: "JSON in one line" },
    on: { type: "string", default: "host", value: "CORE", means: "m3, m4, m7 or host (host)" },
  },
});
const on = coreNames.filter((name) => cores[name].features);
const target = refuseWrong(() => readOneOf("on", values.on, ["host", ...on] as const));
if (!existsSync(join(dataFolder, "cwru"))) {
  process.stderr.write(
    `skipped: no recordings in ${join(dataFolder, "cwru")}; set AURORA_DATA to the folder of the data\n`,
  );
  process.exit(0);
}
const models = (await readShippedModels()).filter((one) => one.manifest.name === "bearing-vibration");
let failed = models.length === 0;
const reports = [];
for (const model of models) {
  const onProgress = (done: number, total: number): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r${model.id}: ${done} of ${total} recordings`);
  };
  const comparison = await compareCwru(dataFolder, { model, target, onProgress });
  failed ||= comparison.otherDecisions + comparison.otherIntegers + comparison.scoredByOneOnly > 0;
  reports.push({ bundle: model.id, on: target, ...comparison });
}
process.stdout.write(`${JSON.stringify({ ok: !failed, bundles: reports }, null, values.json ? 0 : 2)}\n`);
process.exitCode = failed ? 1 : 0;
