/**
 * `npm run bench [-- OPTIONS]`: the figures of the gateway, then those of the collector's pages while gateways send, of what each
 * engine stores and of what it takes by age, measured on real processes. Prints a table, or one JSON object on stdout; `--help` says
 * what can be measured alone, and how. `--peer` is the gateway beside one in Python, alone: it installs what that needs into a kept
 * temporary folder, and says what is missing where nothing can be installed. Limits that do not hold are listed at the end; it ends
 * with 1 where memory is one of them, where decisions differ, and where the gateway is less than twice as fast as the peer in turns
 * with it. Other speeds, and what a point holds, which is not reached yet, are only listed.
 */
import { measureIngest } from "./bench/bench-ingest.ts";
import { parseBenchOptions } from "./bench/bench-options.ts";
import { measurePages } from "./bench/bench-pages.ts";
import { measurePeer } from "./bench/bench-peer.ts";
import { measureThinning } from "./bench/bench-thinning.ts";
import { judgeBench } from "./bench/judge-bench.ts";
import { measureGateway } from "./bench/measure-gateway.ts";
import { measureGrowth } from "./bench/measure-growth.ts";
import { measureMemory } from "./bench/measure-memory.ts";
import { saySkipped } from "./say-skipped.ts";

const request = parseBenchOptions(process.argv.slice(2));
if (request.type !== "run") {
  (request.type === "help" ? process.stdout : process.stderr).write(`${request.text}\n`);
  process.exit(request.type === "help" ? 0 : 1);
}
const { json, quick, only, pages, turns, hours, pace } = request.options;
const isWanted = (part: string): boolean => only === "" || only === part;

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const gateway = isWanted("gateway") ? await measureGateway({ quick, turns, say }) : undefined;
const report: Record<string, unknown> = { ...gateway };
if (isWanted("pages")) {
  say("pages of a large fleet while its gateways send ...");
  report.pages = await measurePages(pages);
}
const ingest = isWanted("ingest") ? await measureIngest(quick, say) : undefined;
if (isWanted("thinning")) {
  say("a turbine-year of predictions on the disk, as sent and thinned by age ...");
  report.thinning = await measureThinning(quick);
}
// Not without being asked: they take half an hour, or as long as one says, or install packages.
const memory = only === "memory" ? await measureMemory({ quick, hours, pace, say }) : undefined;
const growth = only === "growth" ? await measureGrowth(quick, say) : undefined;
const peer = only === "peer" ? await measurePeer(quick, say) : undefined;
for (const [name, part] of Object.entries({ ingest, memory, growth, peer }))
  if (part !== undefined) report[name] = part;
if (json) {
  process.stdout.write(`${JSON.stringify(report)}\n`);
} else {
  for (const [name, value] of Object.entries((report[only] as object | undefined) ?? report)) {
    process.stdout.write(`${name.padEnd(28)} ${typeof value === "object" ? JSON.stringify(value) : value}\n`);
  }
}
const { missed, wrong, skipped } = judgeBench({ gateway, ingest, memory, growth, peer });
for (const [name, why] of skipped) saySkipped(name, why);
const told = new Set([...missed, ...wrong]);
if (told.size > 0) say(["limits that do not hold:", ...told].join("\n  "));
if (wrong.length > 0) process.exitCode = 1;
