/**
 * The record under faults: `npm run test:faults -- [--json] [--quick] [--only name,name] [--kills N] [--rounds N]
 * [--seed N] [--parallel N]`. Real gateways, collectors, brokers and databases are killed, cut off, slowed down, given
 * wrong clocks, full disks and damaged files. A violation is something that was acknowledged to a device or raised as an
 * alert and is neither at the collector exactly once nor declared as a gap, and makes it fail. `--json`: one line,
 * `{cases, violations, missed, figures}`, `violations` being how many and `missed` which; how far it is then goes to the
 * other stream.
 */
import { runClocksOn } from "./faults/clocks.ts";
import { runDamages } from "./faults/damages.ts";
import { runDefects } from "./faults/defects.ts";
import { runDisks } from "./faults/disks.ts";
import { runEvidenceKills } from "./faults/evidence-kills.ts";
import type { FaultModule, FaultReport } from "./faults/fault-ledger.ts";
import { runKillsOn } from "./faults/kills.ts";
import { runLinks } from "./faults/links.ts";
import { runOutage } from "./faults/outage.ts";
import { runSelfCheck } from "./faults/self-check.ts";
import { runThinningKills } from "./faults/thinning-kills.ts";
import { runUpdates } from "./faults/updates.ts";
import { saySkipped } from "./say-skipped.ts";
import {
  createSay,
  jsonOption,
  readOptions,
  readPartNames,
  readWholeNumber,
  refuseWrong,
} from "./suite-options.ts";

/** Beside each other: they wait most of the time, and hold nothing to a time. */
const untimed: Readonly<Record<string, FaultModule>> = {
  "kills-evidence": runEvidenceKills,
  kills: runKillsOn("sqlite"),
  "kills-postgres": runKillsOn("postgres"),
  "kills-roles": runKillsOn("roles"),
  "kills-workers": runKillsOn("workers"),
  "kills-thinning": runThinningKills,
  damages: runDamages,
  disks: runDisks,
  clocks: runClocksOn("sqlite"),
  "clocks-postgres": runClocksOn("postgres"),
  links: runLinks,
  updates: runUpdates,
  "self-check": runSelfCheck,
};
/** Alone, afterwards, for the sake of their figures; at a glance beside the others. */
const timed: Readonly<Record<string, FaultModule>> = { outage: runOutage, defects: runDefects };
/** What takes longest first. */
const modules = { ...timed, ...untimed };

const { values } = readOptions({
  command: "npm run test:faults",
  does: "The record under faults: what is killed, cut off, slowed down, given a wrong clock or a full disk.",
  options: {
    json: jsonOption,
    quick: { type: "boolean", default: false, means: "24 kills, 1 round, 4 parts at once" },
    only: { type: "string", value: "NAMES", means: `these parts, of ${Object.keys(modules).join(", ")}` },
    kills: { type: "string", value: "N", means: "kills a part (200)" },
    rounds: { type: "string", value: "N", means: "rounds of what is played in rounds (10)" },
    seed: { type: "string", default: "1", value: "N", means: "of all that is drawn (1)" },
    parallel: { type: "string", value: "N", means: "parts at once (3)" },
  },
});
const { asked, seed, kills, rounds, parallel } = refuseWrong(() => ({
  asked: readPartNames(values.only, Object.keys(modules)),
  seed: readWholeNumber("seed", values.seed, 0),
  kills: readWholeNumber("kills", values.kills ?? (values.quick ? "24" : "200")),
  rounds: readWholeNumber("rounds", values.rounds ?? (values.quick ? "1" : "10")),
  parallel: readWholeNumber("parallel", values.parallel ?? (values.quick ? "4" : "3")),
}));

const print = createSay(values);
const reports = new Map<string, FaultReport & { readonly seconds: number }>();

async function run(name: string): Promise<void> {
  const startedMs = performance.now();
  const say = (text: string): void => print(`  ${name}, ${text}`);
  const report = await modules[name]!({
    seed,
    kills,
    rounds,
    say,
  }).catch((error: unknown): FaultReport => {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { cases: 1, violations: [`it does not come to its end: ${reason}`], figures: {} };
  });
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  reports.set(name, { ...report, seconds });
  print(
    `${name}: ${report.cases} cases in ${seconds} s, ${report.violations.length === 0 ? "all hold" : `${report.violations.length} VIOLATIONS`}`,
  );
  const { skipped } = report.figures;
  if (typeof skipped === "string") saySkipped(name, skipped);
  for (const [key, figure] of Object.entries(report.figures)) print(`    ${key}: ${JSON.stringify(figure)}`);
}

const isAlone = (name: string): boolean => name in timed && !values.quick;
const queue = asked.filter((name) => !isAlone(name));
const workers = Array.from({ length: parallel }, async () => {
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) await run(name);
});
await Promise.all(workers);
for (const name of asked) if (isAlone(name)) await run(name);

const all = [...reports];
const missed = all.flatMap(([name, { violations }]) => violations.map((each) => `${name}: ${each}`));
const cases = all.reduce((sum, [, report]) => sum + report.cases, 0);
// A part that leaves all of its cases out says why; one that does not has run nothing.
for (const [name, { cases: own, figures: said }] of all)
  if (own === 0 && !("skipped" in said || "leftOut" in said)) missed.push(`${name}: it has no cases`);
if (cases === 0) missed.push("no part has cases");
const figures = Object.fromEntries(
  all.map(([name, report]) => [name, { ...report.figures, seconds: report.seconds }]),
);
for (const each of missed) print(`VIOLATION ${each}`);
print(`${cases} cases, ${missed.length} violations`);
if (values.json)
  process.stdout.write(`${JSON.stringify({ cases, violations: missed.length, missed, figures })}\n`);
if (missed.length > 0) process.exitCode = 1;
