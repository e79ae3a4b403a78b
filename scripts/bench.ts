/**
 * `npm run bench [-- --json] [--quick] [--only gateway|pages|ingest|thinning|memory|growth]`: the figures of the gateway, then those of the
 * collector's pages while gateways send, of what each engine stores and of what it takes by age, measured on real processes. Prints a table, or one JSON object on stdout. Pages alone take
 * `--turbines 1000 --viewers 50 --rate 2000 --seconds 30 --check-ins 10000`; the rate is in messages a second, the last in
 * gateways that look for updates every five minutes. `npm run bench -- --peer [--quick]` is the gateway beside one in Python,
 * alone: it installs what that needs into a kept temporary folder, and says what is missing where nothing can be installed.
 * `npm run bench -- --only memory` measures the packaged gateway's memory and start, of both profiles; with `--hours 4` its memory
 * over so much signal, `--pace 2` times as fast as it was recorded. `--only growth` measures what a sample costs and a point holds, over channels and sampling rates.
 */
import { parseArgs } from "node:util";
import { measureIngest } from "./bench/bench-ingest.ts";
import { measurePages } from "./bench/bench-pages.ts";
import { measurePeer } from "./bench/bench-peer.ts";
import { measureThinning } from "./bench/bench-thinning.ts";
import { measureGateway } from "./bench/measure-gateway.ts";
import { measureGrowth } from "./bench/measure-growth.ts";
import { measureMemory } from "./bench/measure-memory.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    peer: { type: "boolean", default: false },
    turbines: { type: "string", default: "1000" },
    viewers: { type: "string", default: "50" },
    rate: { type: "string", default: "2000" },
    seconds: { type: "string" },
    "check-ins": { type: "string", default: "10000" },
    hours: { type: "string", default: "0" },
    pace: { type: "string", default: "1" },
  },
});
const { quick } = values;
const only = values.peer ? "peer" : values.only;
const parts = ["gateway", "pages", "ingest", "thinning", "memory", "growth", "peer"];
if (!["", ...parts].includes(only)) throw new Error(`no part is named ${only}: ${parts.join(", ")}`);
const isWanted = (part: string): boolean => only === "" || only === part;

const hours = Number(values.hours);
if (!(hours >= 0 && hours <= 8)) throw new Error(`--hours is a number from 0 to 8, not ${values.hours}`);
const pace = Number(values.pace);
if (!(pace >= 1 && pace <= 16)) throw new Error(`--pace is a number from 1 to 16, not ${values.pace}`);

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const report: Record<string, unknown> = {};
if (isWanted("gateway")) Object.assign(report, await measureGateway({ quick, say }));
if (isWanted("pages")) {
  say("pages of a large fleet while its gateways send ...");
  report.pages = await measurePages({
    turbines: Number(values.turbines),
    viewers: Number(values.viewers),
    rate: Number(values.rate),
    seconds: Number(values.seconds ?? (quick ? 6 : 30)),
    checkIns: Number(values["check-ins"]),
  });
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
const peer = only === "peer" ? await measurePeer(quick, say) : {};
if (only === "peer") report.peer = peer;
if (report.decisionsEqual === false || peer.decisionsEqual === false) {
  say("the decisions at full speed, with workers or without, differ from those of the unhurried run");
  process.exitCode = 1;
}
if (values.json) {
  process.stdout.write(`${JSON.stringify(report)}\n`);
} else {
  for (const [name, value] of Object.entries((report[only] as object | undefined) ?? report)) {
    process.stdout.write(`${name.padEnd(28)} ${typeof value === "object" ? JSON.stringify(value) : value}\n`);
  }
}
