// Installs what is shipped as its users do, and runs it there: the npm package in empty prefixes on several versions of
// Node, the Debian package in clean roots. Ends with one JSON object { cases, violations, skipped, figures }; exit code 1 for
// a violation. What this machine cannot do (another's root needs namespaces, and Debian's archive) is skipped by name.
//   npm run test:install -- [--json] [--quick] [--work DIR]
// --quick (for CI): the npm package on Node 24, the package for amd64, little compressed. Needs root, and Debian's mmdebstrap,
// lintian, binutils; without --quick also qemu-user-static, binutils-aarch64-linux-gnu and a C++ compiler.
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { checkDebian } from "./check-debian.mjs";
import { checkNpm } from "./check-npm.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    work: { type: "string", default: join(root, "build", "test-install") },
  },
});

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
await checkNpm(book, { work: join(work, "npm"), versions: values.quick ? [24] : [20, 22, 24] });
await checkDebian(book, {
  work,
  architectures: values.quick ? ["amd64"] : ["amd64", "arm64"],
  quick: values.quick,
});
book.figure("seconds", Math.round((performance.now() - started) / 1000));
console.log(values.json ? JSON.stringify(ledger) : JSON.stringify(ledger, null, 1));
process.exitCode = ledger.violations.length === 0 ? 0 : 1;
