/**
 * The record under faults: `npm run test:faults -- [--json] [--only name,name] [--kills N] [--rounds N] [--seed N]`. Real
 * gateways, collectors and brokers are killed, cut off, slowed down, given wrong clocks, full disks and damaged files.
 * Ends with one line of JSON, `{cases, violations, missed, figures}`: a violation is something that was acknowledged to a
 * device or raised as an alert and is neither at the collector exactly once nor declared as a gap, and makes it fail.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runClocks } from "./faults/clocks.ts";
import { runDamages } from "./faults/damages.ts";
import { runDefects } from "./faults/defects.ts";
import { runDisks } from "./faults/disks.ts";
import type { FaultModule } from "./faults/fault-ledger.ts";
import { runKills } from "./faults/kills.ts";
import { runLinks } from "./faults/links.ts";
import { runOutage } from "./faults/outage.ts";

const modules: Readonly<Record<string, FaultModule>> = {
  kills: runKills,
  links: runLinks,
  outage: runOutage,
  disks: runDisks,
  damages: runDamages,
  clocks: runClocks,
  defects: runDefects,
};
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string" },
    kills: { type: "string", default: "200" },
    rounds: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
  },
});
const asked = values.only?.split(",") ?? Object.keys(modules);

let cases = 0;
const missed: string[] = [];
const figures: Record<string, unknown> = {};
for (const name of asked) {
  const module = modules[name];
  if (module === undefined)
    throw new Error(`no part "${name}", there are ${Object.keys(modules).join(", ")}`);
  const startedMs = performance.now();
  const report = await module({
    command: join(import.meta.dirname, "..", "src", "cli", "main.js"),
    seed: Number(values.seed),
    kills: Number(values.kills),
    rounds: Number(values.rounds),
    say: (text) => {
      if (!values.json) process.stdout.write(`  ${text}\n`);
    },
  });
  cases += report.cases;
  missed.push(...report.violations.map((each) => `${name}: ${each}`));
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  figures[name] = { ...report.figures, seconds };
  if (values.json) continue;
  process.stdout.write(`${name}: ${report.cases} cases in ${seconds} s\n`);
  for (const [key, figure] of Object.entries(report.figures))
    process.stdout.write(`  ${key}: ${JSON.stringify(figure)}\n`);
}
process.stdout.write(`${JSON.stringify({ cases, violations: missed.length, missed, figures })}\n`);
if (missed.length > 0) process.exitCode = 1;
