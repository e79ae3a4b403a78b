/**
 * `npm run bench [-- OPTIONS]`: the figures of the gateway, then those of the collector's pages while gateways send, of what each
 * engine stores and of what it takes by age, measured on real processes. Prints a table, or one JSON object on stdout; `--help` says
 * what can be measured alone, and how. `--peer` is the gateway beside one in Python, alone: it installs what that needs into a kept
 * temporary folder, and says what is missing where nothing can be installed. A machine that others keep busy is told of before and
 * after. Limits that do not hold are listed at the end; it ends with 1 where memory is one of them, where decisions differ or hold no
 * alarm, where the peer scores otherwise, and where the gateway is less than twice as fast as the peer in turns with it. Other
 * speeds, and what a point holds, which is not reached yet, are only listed.
 */
import { measureIngest } from "./bench/bench-ingest.ts";
import { measureLink } from "./bench/bench-link.ts";
import { measureMcu } from "./bench/bench-mcu.ts";
import { type BenchPart, parseBenchOptions } from "./bench/bench-options.ts";
import { measurePages } from "./bench/bench-pages.ts";
import { measurePeer } from "./bench/bench-peer.ts";
import { measureThinning } from "./bench/bench-thinning.ts";
import { judgeBench } from "./bench/judge-bench.ts";
import { judgeMachineLoad, readMachineLoad } from "./bench/machine-load.ts";
import { measureGateway, measureLatency } from "./bench/measure-gateway.ts";
import { measureGrowth } from "./bench/measure-growth.ts";
import { measureMemory } from "./bench/measure-memory.ts";
import { measureStarts } from "./bench/measure-starts.ts";
import { measureFirstMinutes, measureWorkers } from "./bench/measure-workers.ts";
import { saySkipped } from "./say-skipped.ts";

const request = parseBenchOptions(process.argv.slice(2));
if (request.type !== "run") {
  (request.type === "help" ? process.stdout : process.stderr).write(`${request.text}\n`);
  process.exit(request.type === "help" ? 0 : 2);
}
const { json, quick, parts, pages: pagesOptions, turns, hours, pace } = request.options;

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const load = await readMachineLoad();
const busy = judgeMachineLoad(load);
/** Says so at the start, to whom may still wait, and at the end, beside the figures. */
const sayBusy = (): void => {
  if (busy.length > 0)
    say(["this machine is busy, figures of speed are worse for it:", ...busy].join("\n  "));
};
sayBusy();

/** Measures a part if it is asked for, and says so before. */
async function measure<T>(part: BenchPart, measured: () => Promise<T>, before = ""): Promise<T | undefined> {
  if (!parts.includes(part)) return undefined;
  if (before !== "") say(before);
  return measured();
}
const gateway = await measure("gateway", () => measureGateway({ quick, say }));
const workers = await measure("workers", () => measureWorkers(turns, say));
const link = await measure("link", measureLink, "device link ...");
const mcu = await measure("mcu", measureMcu, "microcontrollers ...");
const pages = await measure(
  "pages",
  () => measurePages(pagesOptions),
  "pages of a large fleet while its gateways send ...",
);
const ingest = await measure("ingest", () => measureIngest(quick, say));
const thinning = await measure(
  "thinning",
  () => measureThinning(quick),
  "a turbine-year of predictions on the disk, as sent and thinned by age ...",
);
const memory = await measure("memory", () => measureMemory({ quick, hours, pace, say }));
const growth = await measure("growth", () => measureGrowth(quick, say));
const latency = await measure("latency", measureLatency, "latency at half the required speed ...");
const start = await measure("start", () => measureStarts(say));
const firstMinutes = await measure("first-minutes", () => measureFirstMinutes(turns, say));
const peer = await measure("peer", () => measurePeer(quick, say));

/** By their names; the gateway's figures stand by themselves. */
const measured = {
  workers,
  link,
  mcu,
  pages,
  ingest,
  thinning,
  memory,
  growth,
  latency,
  start,
  "first-minutes": firstMinutes,
  peer,
};
const report: Record<string, unknown> = { machineBefore: { ...load, busy }, ...gateway };
for (const [name, part] of Object.entries(measured)) if (part !== undefined) report[name] = part;
if (json) {
  process.stdout.write(`${JSON.stringify(report)}\n`);
} else {
  const shown = parts.length === 1 ? report[parts[0]!] : undefined;
  for (const [name, value] of Object.entries((shown as object | undefined) ?? report)) {
    process.stdout.write(`${name.padEnd(28)} ${typeof value === "object" ? JSON.stringify(value) : value}\n`);
  }
}
sayBusy();
const { missed, wrong, skipped } = judgeBench({ gateway, ...measured });
for (const [name, why] of skipped) saySkipped(name, why);
const told = new Set([...missed, ...wrong]);
if (told.size > 0) say(["limits that do not hold:", ...told].join("\n  "));
if (wrong.length > 0) process.exitCode = 1;
