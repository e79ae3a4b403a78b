/** Learning from folders of recordings by the documented commands: five machines, two, and only healthy ones. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FaultLedger } from "../faults/fault-ledger.ts";
import { type OwnDataRig, readIfThere, readJson } from "./own-data-rig.ts";

/** A set that was learnt from. */
export interface LearntSet {
  readonly name: string;
  readonly dir: string;
  readonly config: string;
  /** Folder of the bundle; there where the gate let it out. */
  readonly bundle: string;
  readonly digest: string;
}

interface StatedFigure {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

interface Report {
  readonly metrics: Readonly<Record<string, StatedFigure>>;
  readonly checks: readonly { readonly name: string; readonly outcome: string; readonly words: string }[];
  readonly plots: readonly { readonly title: string; readonly svg: string }[];
  readonly tables: readonly { readonly title: string; readonly rows: readonly (readonly string[])[] }[];
}

/** Few rigs: a run is to end within minutes. What users take is the default. */
const fewRigs = "inventedRigs: { training: 12, heldOut: 8 }\n";

/** `aurora data init` and `check`, and a configuration of few rigs; gives its path. */
async function prepare(
  rig: OwnDataRig,
  ledger: FaultLedger,
  { name, dir }: { readonly name: string; readonly dir: string },
): Promise<string> {
  const init = await rig.aurora("data", "init", dir);
  const config = join(dir, "train.yaml");
  const written = readIfThere(config);
  ledger.check(
    `${name}: data init writes a manifest and a configuration`,
    init.code === 0 && written !== "",
    init.stderr,
  );
  const check = await rig.aurora("data", "check", config, "--json");
  ledger.check(
    `${name}: data check finds nothing that would spoil training`,
    check.code === 0,
    check.stdout.slice(0, 600),
  );
  writeFileSync(config, `${written.trimEnd()}\n${fewRigs}`);
  return config;
}

/** Five machines of one make, whose belt the parent takes for a fault. */
export async function learnFromFive(rig: OwnDataRig, ledger: FaultLedger): Promise<LearntSet> {
  const dir = await rig.invent("five", "--seed", "53", "--belt", "inner", "--takes", "4");
  const config = await prepare(rig, ledger, { name: "five machines", dir });
  const [bundle, work] = [join(rig.folder, "bundles", "five"), join(rig.folder, "work")];
  const trained = await rig.aurora(
    "train",
    config,
    "--key",
    join(rig.folder, "keys", "release.key"),
    "--out",
    bundle,
    "--work",
    work,
    "--json",
  );
  const report = readJson<Report>(join(work, "report", "report.json"));
  const lead = report.metrics.gainOverParent!;
  const surelyAhead = lead.low !== null && lead.low > 0;
  const asked = report.checks.find(({ name }) => name === "baselines");
  ledger.check(
    "five machines: training says which path the data allow",
    /path 2 of 3/.test(trained.stderr),
    trained.stderr.slice(0, 600),
  );
  ledger.check(
    "five machines: the gate's word on the parent is that of the figures",
    asked?.outcome === "passed" ? surelyAhead : /not surely ahead/.test(asked?.words ?? ""),
    `${JSON.stringify(lead)}: ${asked?.outcome} ${asked?.words}`,
  );
  ledger.check(
    "five machines: the gate lets the better model out",
    trained.code === 0,
    trained.stderr.slice(-600),
  );
  checkReport(report, join(work, "report", "report.html"), ledger);
  const { digest = "" } = trained.code === 0 ? (JSON.parse(trained.stdout) as { digest?: string }) : {};
  const manifest = readIfThere(join(bundle, "manifest.json"));
  ledger.check(
    "five machines: the manifest names the parent",
    manifest.includes('"parent":"bearing-vibration@1.0.0"'),
    manifest.slice(0, 300),
  );
  return { name: "five", dir, config, bundle, digest };
}

function checkReport(report: Report, page: string, ledger: FaultLedger): void {
  const titles = [...report.plots, ...report.tables].map(({ title }) => title);
  const wanted = ["What was learnt", "Machine by machine", "What to record next", "Beside its parent"];
  const missing = wanted.filter((title) => !titles.includes(title));
  ledger.check(
    "the report shows what was learnt, the machines and what to record next",
    missing.length === 0,
    missing.join(", "),
  );
  const spectra = report.plots.filter(({ svg }) => svg.includes("order of the shaft"));
  ledger.check("the report draws the spectra of the worst recordings", spectra.length > 0, titles.join(", "));
  const rows = report.tables.find(({ title }) => title === "Beside its parent")?.rows.length ?? 0;
  ledger.check("the report has parent, physics and regression beside the model", rows >= 5, `${rows} rows`);
  ledger.check("the report's page holds no script", !readIfThere(page).includes("<script"), page);
}

/**
 * Sixteen machines of all makes: enough to learn from scratch, without a parent, six of them held out. The model takes the shipped one's
 * place, so that a gateway has it as an update.
 */
export async function learnFromMany(rig: OwnDataRig, ledger: FaultLedger): Promise<LearntSet> {
  const name = "many machines";
  const dir = await rig.invent("many", "--seed", "201", "--machines", "16", "--unlike");
  const init = await rig.aurora("data", "init", dir, "--scratch");
  ledger.check(`${name}: data init writes a recipe from scratch`, init.code === 0, init.stderr);
  const config = join(dir, "train.yaml");
  const written = readIfThere(config);
  ledger.check(`${name}: it goes on from no bundle`, !/^from:/m.test(written), written);
  writeFileSync(
    config,
    `${written.replace(/^name: .*$/m, "name: bearing-vibration\nversion: 1.1.0").trimEnd()}\ninventedRigs: { training: 60, heldOut: 20 }\n`,
  );
  const check = await rig.aurora("data", "check", config);
  ledger.check(
    `${name}: data check says that they are enough to learn from scratch`,
    check.code === 0 && /path 3 of 3/.test(check.stdout),
    check.stdout.slice(0, 600),
  );
  const bundle = join(rig.folder, "bundles", "many");
  const work = join(rig.folder, "work-many");
  const key = join(rig.folder, "keys", "release.key");
  const paths = ["--key", key, "--out", bundle, "--work", work];
  const trained = await rig.aurora("train", config, ...paths, "--json");
  ledger.check(`${name}: the gate lets the model out`, trained.code === 0, trained.stderr.slice(-900));
  const report = readJson<Report>(join(work, "report", "report.json"));
  const asked = report.checks.find((each) => each.name === "baselines");
  const { low, high } = report.metrics.macroAuroc!;
  ledger.check(
    `${name}: because it is surely ahead of physics and regression on machines that were held out`,
    asked?.outcome === "passed" && low !== null && high !== null && low < high,
    `${JSON.stringify(report.metrics.macroAuroc)}: ${asked?.words}`,
  );
  const manifest = readIfThere(join(bundle, "manifest.json"));
  ledger.check(
    `${name}: the manifest names no parent`,
    manifest.includes('"parent":null'),
    manifest.slice(0, 300),
  );
  // Every question once more, from the bundle alone, beside its data.
  const beside = join(dir, "1.1.0");
  cpSync(bundle, beside, { recursive: true });
  const judged = await rig.aurora("evaluate", beside, "--key", key, "--no-rebuild");
  ledger.check(
    `${name}: the gate says so again from the bundle alone`,
    judged.code === 0 && readIfThere(`${beside}.verdict.dsse.json`) !== "",
    `${judged.stdout.slice(-600)}${judged.stderr.slice(-300)}`,
  );
  const { digest = "" } = trained.code === 0 ? (JSON.parse(trained.stdout) as { digest?: string }) : {};
  return { name: "many", dir, config, bundle, digest };
}

/** Two machines are no evidence: refused, or written and marked. */
export async function learnFromTwo(rig: OwnDataRig, ledger: FaultLedger): Promise<void> {
  const dir = await rig.invent("two", "--seed", "61", "--machines", "2", "--takes", "4");
  const config = await prepare(rig, ledger, { name: "two machines", dir });
  const bundle = join(rig.folder, "bundles", "two");
  const args = ["train", config, "--out", bundle, "--work", join(rig.folder, "work")];
  const refused = await rig.aurora(...args);
  ledger.check(
    "two machines: refused as evidence, with what would be enough",
    refused.code === 1 &&
      /takes 5 machines in all/.test(refused.stderr) &&
      /--accept-little-evidence/.test(refused.stderr),
    refused.stderr.slice(-600),
  );
  ledger.check(
    "two machines: nothing half-written",
    readIfThere(join(bundle, "manifest.json")) === "",
    bundle,
  );
  // Whatever the gate says of the model: what is asked is that the flag is seen wherever one looks.
  const taken = await rig.aurora(...args, "--accept-little-evidence", "--ungated");
  const card = readIfThere(join(bundle, "MODEL_CARD.md"));
  ledger.check("two machines: allowed with the flag", taken.code === 0, taken.stderr.slice(-600));
  ledger.check(
    "two machines: the card says so first",
    /^> \*\*Too little evidence/m.test(card),
    card.slice(0, 600),
  );
  const evaluation = readIfThere(join(bundle, "evaluation.json"));
  ledger.check(
    "two machines: the evaluation says so",
    /"isAccepted":true/.test(evaluation),
    evaluation.slice(0, 200),
  );
  const travelled = readIfThere(join(bundle, "train.yaml"));
  ledger.check(
    "two machines: the configuration inside says so",
    /acceptLittleEvidence: true/.test(travelled),
    travelled.slice(0, 300),
  );
}

/** Without a fault there is nothing to learn: the first of three paths. */
export async function learnFromHealthy(rig: OwnDataRig, ledger: FaultLedger): Promise<void> {
  const dir = await rig.invent("healthy", "--seed", "71", "--machines", "3", "--labels", "healthy");
  const init = await rig.aurora("data", "init", dir);
  const check = await rig.aurora("data", "check", join(dir, "recordings.yaml"));
  ledger.check(
    "only healthy: data check names the path",
    /path 1 of 3/.test(check.stdout),
    `${init.stderr}${check.stdout}${check.stderr}`.slice(0, 600),
  );
  ledger.check(
    "only healthy: it says what cannot be known",
    /cannot say how often/.test(check.stdout),
    check.stdout.slice(0, 600),
  );
  const trained = await rig.aurora(
    "train",
    join(dir, "train.yaml"),
    "--out",
    join(rig.folder, "bundles", "healthy"),
  );
  ledger.check(
    "only healthy: training says there is nothing to learn from",
    trained.code === 1 &&
      /nothing to learn from/.test(trained.stderr) &&
      /shipped bundle/.test(trained.stderr),
    trained.stderr.slice(-600),
  );
}

/** Labels that name no kind are learnt from, too. */
export async function learnFromBinary(rig: OwnDataRig, ledger: FaultLedger): Promise<void> {
  const dir = await rig.invent(
    "binary",
    "--seed",
    "62",
    "--belt",
    "inner",
    "--takes",
    "4",
    "--labels",
    "binary",
    "--severity",
    "1.5",
  );
  const config = await prepare(rig, ledger, { name: "healthy or faulty", dir });
  const bundle = join(rig.folder, "bundles", "binary");
  const trained = await rig.aurora(
    "train",
    config,
    "--out",
    bundle,
    "--work",
    join(rig.folder, "work"),
    "--ungated",
  );
  const card = readIfThere(join(bundle, "MODEL_CARD.md"));
  ledger.check("healthy or faulty: a bundle comes of it", trained.code === 0, trained.stderr.slice(-600));
  ledger.check(
    "healthy or faulty: the card says who named the kinds",
    /named by their fault lines, not by an inspection/.test(card),
    card.slice(0, 300),
  );
  ledger.check(
    "healthy or faulty: the figure is that of a fault at all",
    card.includes("AUROC of a fault at all"),
    readFileSync(config, "utf8"),
  );
}
