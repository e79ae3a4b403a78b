/**
 * A model of one's own, from a folder of recordings to an alert: `npm run test:own-data -- [--json] [--quick] [--only name,name]
 * [--gigabytes 1]`.
 * Recordings are invented by Python code that shares nothing with this house; everything else is the documented commands, a
 * running collector and a running gateway. Ends with `{cases, violations, missed, figures}` as `npm run test:faults` does.
 * Needs a python3 with numpy. `--quick` leaves out the sets that say nothing more, kills no training (`npm run test:long` stops one at
 * each step), and ends of the commands `evaluate` alone.
 * `--only large --gigabytes 40` looks at forty gigabytes of recordings, and a table as large, in a heap of half a gigabyte.
 */
import { createFaultLedger } from "./faults/fault-ledger.ts";
import { interruptCommands, killTraining } from "./own-data/kill-cases.ts";
import { checkLargeData, type LargeFigure } from "./own-data/large-cases.ts";
import {
  type LearntSet,
  learnFromBinary,
  learnFromFive,
  learnFromHealthy,
  learnFromMany,
  learnFromTwo,
} from "./own-data/learn-cases.ts";
import { createOwnDataRig, findPython } from "./own-data/own-data-rig.ts";
import { shipToGateway } from "./own-data/ship-cases.ts";
import { learnFromTables } from "./own-data/table-cases.ts";
import { checkTraps } from "./own-data/trap-cases.ts";
import { createScratchFolder } from "./scratch-folder.ts";
import {
  createSay,
  jsonOption,
  readOptions,
  readPartNames,
  readPositiveNumber,
  refuseWrong,
} from "./suite-options.ts";

const { values } = readOptions({
  command: "npm run test:own-data",
  does: "A model of one's own, from a folder of recordings to an alert.",
  options: {
    json: jsonOption,
    quick: { type: "boolean", default: false, means: "without many, tables, binary, large and kills" },
    only: {
      type: "string",
      value: "NAMES",
      means:
        "these parts, of five, ship, two, healthy, traps, many, tables, binary, large, kills, interruptions",
    },
    gigabytes: { type: "string", default: "1", value: "N", means: "size of the recordings of large (1)" },
  },
});
const say = createSay(values);
const ledger = createFaultLedger(say);
const gigabytes = refuseWrong(() => readPositiveNumber("gigabytes", values.gigabytes));
const seconds: Record<string, number> = {};
const kills = { killed: 0, interrupted: 0 };
let large: Readonly<Record<string, LargeFigure>> = {};

let learnt: LearntSet | null = null;
const parts: Readonly<Record<string, () => Promise<unknown>>> = {
  five: async () => {
    learnt = await learnFromFive(rig, ledger);
  },
  ship: async () => learnt !== null && shipToGateway(rig, learnt, ledger),
  two: () => learnFromTwo(rig, ledger),
  healthy: () => learnFromHealthy(rig, ledger),
  traps: () => checkTraps(rig, ledger),
  ...(values.quick
    ? {}
    : {
        many: async () => shipToGateway(rig, await learnFromMany(rig, ledger), ledger),
        tables: () => learnFromTables(rig, ledger),
        binary: () => learnFromBinary(rig, ledger),
        large: async () => {
          large = await checkLargeData(rig, ledger, gigabytes);
        },
        kills: async () => {
          if (learnt !== null) kills.killed = await killTraining(rig, learnt, ledger);
        },
      }),
  interruptions: async () => {
    if (learnt !== null)
      kills.interrupted = await interruptCommands(rig, learnt, { ledger, quick: values.quick });
  },
};
const asked = refuseWrong(() => readPartNames(values.only, Object.keys(parts)));

const python = await findPython();
if (python === null) throw new Error("no python3 with numpy: install python3-numpy");
const scratch = createScratchFolder("own-data");
const rig = createOwnDataRig(scratch.path, python, say);
const keys = await rig.aurora("keys", "init", `${rig.folder}/keys`);
if (keys.code !== 0) throw new Error(keys.stderr);
// These need what the five machines gave.
const needsFive = asked.some((name) => ["ship", "kills", "interruptions"].includes(name));
for (const [name, run] of Object.entries(parts)) {
  if (!asked.includes(name) && !(name === "five" && needsFive)) continue;
  const startedMs = performance.now();
  await ledger.run(`part ${name} comes to its end`, async () => {
    const before = ledger.report({}).cases;
    await run();
    return ledger.report({}).cases > before ? [] : ["nothing was checked"];
  });
  seconds[name] = Math.round((performance.now() - startedMs) / 1000);
}
const { cases, violations } = ledger.report({});
const figures = { seconds, ...kills, large };
for (const each of violations) say(`VIOLATION ${each}`);
say(`${cases} cases, ${violations.length} violations`);
if (values.json)
  process.stdout.write(
    `${JSON.stringify({ cases, violations: violations.length, missed: violations, figures })}\n`,
  );
if (violations.length > 0) process.exitCode = 1;
scratch.remove();
