/**
 * The same streams, days and probabilities through river, Evidently, alibi-detect, NannyML and frouros, and through ours:
 * `npx tsx scripts/compare-drift.ts [--streams N] [--points N] [--only streams,days,estimates] [--environment DIR] [--json]`. Makes a scratch Python environment (or uses
 * and keeps that of DIR), skips by name what does not install, and prints Markdown tables, also where we lose. Half an hour.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { compareDays } from "./drift/compare-days.ts";
import { comparePerformance } from "./drift/compare-performance.ts";
import { compareStreams } from "./drift/compare-streams.ts";
import type { AskPeers, ComparisonTable, PeerAnswer } from "./drift/peer-answer.ts";
import { createScratchFolder } from "./scratch-folder.ts";
import { readOptions, readPartNames, readWholeNumber, refuseWrong } from "./suite-options.ts";

const run = promisify(execFile);
/** What each is installed with: some fail with the newest of what they ask for, or do not ask for all that they need. */
const peers: Readonly<Record<string, readonly string[]>> = {
  river: ["river"],
  evidently: ["evidently", "pandas<3"],
  "alibi-detect": ["alibi-detect"],
  nannyml: ["nannyml", "statsmodels"],
  frouros: ["frouros"],
};

const parts = ["streams", "days", "estimates"];
const { values } = readOptions({
  command: "npx tsx scripts/compare-drift.ts",
  does: "The same streams, days and probabilities through five Python packages, and through ours.",
  options: {
    streams: {
      type: "string",
      default: "5",
      value: "N",
      means: "streams of a kind (5)",
      check: readWholeNumber,
    },
    points: {
      type: "string",
      default: "5",
      value: "N",
      means: "points of a kind (5)",
      check: readWholeNumber,
    },
    only: {
      type: "string",
      value: "NAMES",
      means: `these parts, of ${parts.join(", ")}`,
    },
    environment: { type: "string", value: "DIR", means: "a Python environment to use and to keep" },
    json: { type: "boolean", default: false, means: "one line of JSON instead of tables" },
  },
});
const asked = refuseWrong(() => readPartNames(values.only, parts));

/** Some of the peers tell their makers that they are used; here they shall not. */
const quietEnvironment = { ...process.env, NML_DISABLE_USAGE_LOGGING: "1", DO_NOT_TRACK: "1" };

/** The Python of a peer, with that peer installed: they want libraries of different versions. */
async function installPeer(peer: string, wanted: readonly string[]): Promise<string> {
  const python = join(folder, peer, "bin", "python");
  await mkdir(folder, { recursive: true });
  if (!existsSync(python)) await run("python3", ["-m", "venv", join(folder, peer)]);
  await run(python, ["-m", "pip", "install", "--quiet", ...wanted], { maxBuffer: 64e6, timeout: 900_000 });
  return python;
}

const scratch = createScratchFolder("compare-drift");
const folder = values.environment ?? join(scratch.path, "python");
const skipped: string[] = [];
const pythons = new Map<string, string>();
for (const [peer, wanted] of Object.entries(peers)) {
  try {
    pythons.set(peer, await installPeer(peer, wanted));
  } catch (error) {
    // Whatever keeps a peer from being installed here: the tables go without it, and say so.
    skipped.push(`${peer} does not install: ${String(error).trim().split("\n").at(-1)}`);
  }
}

/** What a script prints; a peer whose script fails is named, and the others go on. */
async function askPeer(python: string, given: readonly string[]): Promise<string> {
  try {
    return (await run(python, ["-W", "ignore", ...given], { maxBuffer: 256e6, env: quietEnvironment }))
      .stdout;
  } catch (error) {
    skipped.push(`${given.at(-1)} fails: ${String(error).trim().split("\n").at(-1)}`);
    return "";
  }
}

const ask: AskPeers = async (script, question) => {
  const path = join(scratch.path, `${script}.json`);
  await writeFile(path, JSON.stringify(question));
  const file = join(import.meta.dirname, "drift", `${script}.py`);
  const answers: PeerAnswer[] = [];
  for (const [peer, python] of pythons) {
    for (const line of (await askPeer(python, [file, path, peer]))
      .split("\n")
      .filter((text) => text.startsWith("{"))) {
      const answer = JSON.parse(line) as PeerAnswer;
      if (answer.skipped === undefined) answers.push(answer);
      else skipped.push(answer.skipped);
    }
  }
  return answers;
};

const comparisons: Readonly<Record<string, () => Promise<ComparisonTable>>> = {
  streams: () => compareStreams(Number(values.streams), ask),
  days: () => compareDays(Number(values.points), ask),
  estimates: () => comparePerformance(ask),
};
const tables: ComparisonTable[] = [];
for (const name of asked) {
  const table = await comparisons[name]!();
  tables.push(table);
  if (table.rows.length === 0)
    skipped.push(`${table.title}: its data is not there, name its folder in AURORA_DATA`);
}
scratch.remove();
if (values.json) process.stdout.write(`${JSON.stringify({ tables, skipped })}\n`);
else {
  for (const { title, header, rows } of tables) {
    const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
    const rule = header.map((_, column) => (column === 0 ? "---" : "---:"));
    process.stdout.write(`### ${title}\n\n${[header, rule, ...rows].map(line).join("\n")}\n\n`);
  }
  for (const why of skipped) process.stdout.write(`Skipped: ${why}\n`);
}
