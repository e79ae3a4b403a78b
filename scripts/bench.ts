/**
 * `npm run bench [-- OPTIONS]`: the figures of the gateway, then those of the collector's pages while gateways send, of what each
 * engine stores and of what it takes by age, measured on real processes. Prints a table, or one JSON object on stdout; `--help` says
 * what can be measured alone, and how. `--peer` is the gateway beside one in Python, alone: it installs what that needs into a kept
 * temporary folder, and says what is missing where nothing can be installed. Ends with 1 where a limit is broken.
 */
import { measureIngest } from "./bench/bench-ingest.ts";
import { parseBenchOptions } from "./bench/bench-options.ts";
import { measurePages } from "./bench/bench-pages.ts";
import { measurePeer } from "./bench/bench-peer.ts";
import { measureThinning } from "./bench/bench-thinning.ts";
import { measureGateway } from "./bench/measure-gateway.ts";
import { measureGrowth } from "./bench/measure-growth.ts";
import { measureMemory } from "./bench/measure-memory.ts";

const request = parseBenchOptions(process.argv.slice(2));
if (request.type !== "run") {
  (request.type === "help" ? process.stdout : process.stderr).write(`${request.text}\n`);
  process.exit(request.type === "help" ? 0 : 1);
}
const { json, quick, only, pages, hours, pace } = request.options;
const isWanted = (part: string): boolean => only === "" || only === part;

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const report: Record<string, unknown> = {};
if (isWanted("gateway")) Object.assign(report, await measureGateway({ quick, say }));
if (isWanted("pages")) {
  say("pages of a large fleet while its gateways send ...");
  report.pages = await measurePages(pages);
}
if (isWanted("ingest")) report.ingest = await measureIngest(quick, say);
if (isWanted("thinning")) {
  say("a turbine-year of predictions on the disk, as sent and thinned by age ...");
  report.thinning = await measureThinning(quick);
}
// Not without being asked: it takes half an hour, or as long as one says.
const memory = only === "memory" ? await measureMemory({ quick, hours, pace, say }) : { wrong: [] };
if (only === "memory") report.memory = memory;
for (const text of memory.wrong) {
  say(text);
  process.exitCode = 1;
}
if (only === "growth") report.growth = await measureGrowth(quick, say);
// Not without being asked: it installs packages.
const peer = only === "peer" ? await measurePeer(quick, say) : null;
if (peer !== null) report.peer = peer;
for (const text of peer?.missed ?? []) say(text);
if (peer?.isBelowMust) process.exitCode = 1;
if (report.decisionsEqual === false || peer?.decisionsEqual === false) {
  say("the decisions at full speed, with workers or without, differ from those of the unhurried run");
  process.exitCode = 1;
}
if (json) {
  process.stdout.write(`${JSON.stringify(report)}\n`);
} else {
  for (const [name, value] of Object.entries((report[only] as object | undefined) ?? report)) {
    process.stdout.write(`${name.padEnd(28)} ${typeof value === "object" ? JSON.stringify(value) : value}\n`);
  }
}
