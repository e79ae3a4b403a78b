// Installs what is shipped as its users do, and runs it there: the npm package in empty prefixes on several versions of
// Node, the Debian package in clean roots. Ends with one JSON object { cases, violations, skipped, figures }; exit code 1 for
// a violation. What this machine cannot do (another's root needs namespaces, and Debian's archive) is skipped by name.
//   npm run test:install -- --help
// --quick (for CI): the npm package on Node 24 and the package for amd64, little compressed; no checkout and no machine of its
// own. Needs root, and Debian's mmdebstrap, lintian, binutils, mosquitto, postgresql; without --quick also qemu-user-static,
// binutils-aarch64-linux-gnu, a C++ compiler, and qemu-system-x86 and e2fsprogs for a machine that systemd boots.
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readOptions, readPartNames, refuseWrong } from "../../dist/scripts/suite-options.js";
import { checkCompose } from "./check-compose.mjs";
import { checkDebian, checkUnits } from "./check-debian.mjs";
import { checkNpm } from "./check-npm.mjs";
import { checkMachine } from "./machine/check-machine.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const parts = ["npm", "units", "compose", "amd64", "arm64", "machine"];
const slow = ["arm64", "machine"];
const { values } = readOptions({
  command: "npm run test:install",
  does: "Installs the npm and Debian packages as their users do, and runs them there.",
  options: {
    json: { type: "boolean", default: false, means: "one line of JSON" },
    quick: {
      type: "boolean",
      default: false,
      means: "without arm64 and machine, and on fewer versions of Node",
    },
    only: { type: "string", value: "NAMES", means: `these parts, of ${parts.join(", ")}` },
    work: {
      type: "string",
      default: join(root, "build", "test-install"),
      value: "DIR",
      means: "folder to work in (build/test-install)",
    },
  },
});
const usual = parts.filter((part) => !values.quick || !slow.includes(part));
const wanted = values.only === undefined ? usual : refuseWrong(() => readPartNames(values.only, parts));

const ledger = { cases: 0, violations: [], skipped: [], figures: {} };
const say = (text) => process.stderr.write(`${text}\n`);

/** What the checks note in. A case is one thing that must be so; `work` throws, or returns what is wrong, or nothing. */
const book = {
  check: async (name, work) => {
    const started = performance.now();
    ledger.cases += 1;
    let wrong;
    try {
      wrong = await work();
    } catch (error) {
      wrong = error instanceof Error ? error.message : String(error);
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    say(`${wrong ? "WRONG" : "good "} ${name} (${seconds} s)${wrong ? `: ${wrong}` : ""}`);
    if (wrong) ledger.violations.push(`${name}: ${wrong}`);
    return !wrong;
  },
  skip: (name, reason) => {
    say(`skipped: ${name}: ${reason}`);
    ledger.skipped.push(`${name}: ${reason}`);
  },
  figure: (name, value) => {
    ledger.figures[name] = value;
  },
};

const work = resolve(values.work);
rmSync(join(work, "npm"), { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const started = performance.now();
const has = (part) => wanted.includes(part);
if (has("npm")) await checkNpm(book, { work: join(work, "npm"), quick: values.quick });
if (has("units")) await checkUnits(book, join(work, "units"));
if (has("compose")) await checkCompose(book, join(work, "compose"));
const architectures = ["amd64", "arm64"].filter(has);
await checkDebian(book, { work, architectures, quick: values.quick });
if (has("machine")) await checkMachine(book, work);
book.figure("seconds", Math.round((performance.now() - started) / 1000));
console.log(values.json ? JSON.stringify(ledger) : JSON.stringify(ledger, null, 1));
process.exitCode = ledger.violations.length === 0 ? 0 : 1;
