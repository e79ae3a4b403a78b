/**
 * Judges a bundle again from its folder: by a protocol of its recipe, or by the gate, whose verdict is signed beside it or
 * played again. Checks digests; who signed the bundle is `aurora bundle verify`'s to say.
 */
import { join } from "node:path";
import type { Bundle } from "../core/bundle/bundle.ts";
import type { Signer, TrustedKey } from "../core/bundle/dsse.ts";
import { createKeyPair, parsePrivateKey } from "../core/bundle/keys.ts";
import { readBundle } from "../core/bundle/verify-bundle.ts";
import { AuroraError } from "../core/contract/aurora-error.ts";
import { ungatedWords } from "../core/contract/bundle/lineage.ts";
import { bundledConfigName, bundledFilesOf } from "./bundle/bundled-files.ts";
import { skip } from "./gate/gate-check.ts";
import { compareRebuild } from "./gate/rebuild-check.ts";
import { type JudgedBundle, runGate } from "./gate/run-gate.ts";
import { compareVerdicts, createVerdict, readVerdict, type Verdict, writeVerdict } from "./gate/verdict.ts";
import { noWorkFolder } from "./pipeline/work-folder.ts";
import type { CommonConfig } from "./recipes/common-config.ts";
import type { EvaluationContext, OpenRecipe } from "./recipes/recipe.ts";
import { makeBundle } from "./train.ts";
import { parseTrainingConfig } from "./training-config.ts";

/** The outcome, for machines and for people. */
export interface BundleEvaluation {
  /** `{bundle, protocol, metrics, …, passed}`. */
  readonly json: unknown;
  readonly lines: readonly string[];
  /** Are the figures at least what the bundle claims or the protocol asks for? */
  readonly passed: boolean;
}

/** Do the data of the bundle in `dir` lie in the folder of its configuration, above its own? Fails with BUNDLE_*. */
export async function hasDataBeside(dir: string): Promise<boolean> {
  return (await openBundle(dir)).recipe.liesBeside;
}

/** Evaluates the bundle in `dir`. Fails with BUNDLE_*, USAGE, DATA_MISSING, DATA_FORMAT or TRAINING. */
export async function evaluateBundle(
  dir: string,
  protocol: string,
  context: EvaluationContext,
): Promise<BundleEvaluation> {
  const { bundle, recipe } = await openBundle(dir);
  if (!recipe.protocols.includes(protocol)) {
    throw new AuroraError("USAGE", `${bundle.manifest.name} has no protocol "${protocol}"`, {
      op: "evaluate bundle",
      subject: dir,
      hint: `its protocols are ${recipe.protocols.join(", ")}`,
    });
  }
  const { json, lines, passed } = await recipe.runProtocol(protocol, bundle, context);
  const identity = { name: bundle.manifest.name, version: bundle.manifest.version, digest: bundle.digest };
  const isUngated = bundle.manifest.lineage.ungated === true;
  return {
    json: { bundle: identity, ...(isUngated ? { ungated: true } : {}), protocol, ...json, passed },
    lines: [
      ...lines,
      ...(isUngated ? [`${bundle.manifest.name}@${bundle.manifest.version}: ${ungatedWords}`] : []),
    ],
    passed,
  };
}

interface GateOptions extends EvaluationContext {
  /** Folder of the active model, or null. */
  readonly against: string | null;
  /** `auto`: retrains where the recipe is quick. */
  readonly rebuild: "yes" | "no" | "auto";
  /** Signs the verdict; null = it is not written. */
  readonly signer: Signer | null;
}

/** Asks all questions of the gate. Fails with BUNDLE_*, DATA_MISSING, DATA_FORMAT, TRAINING or STORE. */
export async function evaluateGate(dir: string, options: GateOptions): Promise<BundleEvaluation> {
  const verdict = await askGate(dir, options);
  const path = options.signer === null ? null : await writeVerdict(dir, verdict, options.signer);
  return {
    json: { protocol: "gate", ...verdict, verdict: path },
    lines: [...describe(verdict), ...(path === null ? [] : [`verdict signed in ${path}`])],
    passed: verdict.passed,
  };
}

/**
 * Plays the verdict beside the bundle again, which one of `trusted` must have signed: the same questions, the same
 * answers. Fails with DATA_MISSING, BUNDLE_FORMAT or BUNDLE_SIGNATURE, and as {@link evaluateGate}.
 */
export async function replayVerdict(
  dir: string,
  trusted: readonly TrustedKey[],
  options: Omit<GateOptions, "signer" | "rebuild">,
): Promise<BundleEvaluation> {
  const record = await readVerdict(dir, trusted);
  if ((record.against === null) !== (options.against === null)) {
    throw new AuroraError(
      "USAGE",
      record.against === null
        ? "the verdict was made without a model to compare with"
        : `the verdict was made against ${record.against.name}@${record.against.version}`,
      {
        op: "replay verdict",
        subject: dir,
        hint: record.against === null ? "leave --against out" : "give its folder with --against",
      },
    );
  }
  const wasRebuilt = record.checks.some(
    ({ name, outcome }) => name === "reproducible-rebuild" && outcome !== "skipped",
  );
  const now = await askGate(dir, { ...options, rebuild: wasRebuilt ? "yes" : "no", signer: null });
  const differences = compareVerdicts(record, now);
  const failed = record.checks.filter(({ outcome }) => outcome === "failed").map(({ name }) => name);
  const isTrue = differences.length === 0;
  const passed = isTrue && record.passed;
  return {
    json: {
      protocol: "replay",
      bundle: now.bundle,
      isTrue,
      differences,
      failed,
      metrics: now.metrics,
      passed,
    },
    lines: isTrue ? sayTrue(record, failed) : differences,
    passed,
  };
}

/** A refusal that is true is a refusal. */
function sayTrue({ passed }: Verdict, failed: readonly string[]): readonly string[] {
  const isTrue = "the verdict is true: every answer is the same";
  return passed ? [isTrue] : [isTrue, `the gate refused the bundle: ${failed.join(", ")}`];
}

async function askGate(dir: string, options: GateOptions): Promise<Verdict> {
  const own = await openBundle(dir);
  const active = options.against === null ? null : await openBundle(options.against);
  if (active !== null) refuseOtherKind(dir, own.recipe.config, active.recipe.config);
  const judged = await judgeBundle(own, options);
  const against = active === null ? null : await judgeBundle(active, options);
  const rebuilds = options.rebuild === "yes" || (options.rebuild === "auto" && own.recipe.isQuick);
  const { republished } = own.bundle.manifest.lineage;
  const rebuild =
    republished !== undefined
      ? skip("reproducible-rebuild", `it is ${republished.version} once more, whose folder answers this`)
      : rebuilds
        ? compareRebuild(own.bundle, await makeAgain(own, options))
        : skip("reproducible-rebuild", "not asked for (--rebuild)");
  return createVerdict(own.bundle, active?.bundle ?? null, await runGate(judged, against, rebuild));
}

/** A bundle from its folder, and the recipe that made it. */
interface OpenBundle {
  readonly bundle: Bundle;
  readonly recipe: OpenRecipe;
}

async function openBundle(dir: string): Promise<OpenBundle> {
  const bundle = await readBundle(dir);
  return { bundle, recipe: openBundledRecipe(bundle, dir) };
}

async function judgeBundle(
  { bundle, recipe }: OpenBundle,
  context: EvaluationContext,
): Promise<JudgedBundle> {
  return { bundle, judgement: await recipe.judge(bundle, context) };
}

/** The recipe that made a bundle, with the configuration that travels in it. Fails with BUNDLE_FORMAT or CONFIG_INVALID. */
function openBundledRecipe(bundle: Bundle, dir: string): OpenRecipe {
  const bytes = bundle.files.get(bundledConfigName);
  if (bytes !== undefined) return parseTrainingConfig(bytes, join(dir, bundledConfigName));
  throw new AuroraError("BUNDLE_FORMAT", `${dir} holds no ${bundledConfigName}`, {
    op: "evaluate bundle",
    subject: dir,
    hint: "only a bundle that aurora train made can be evaluated: it carries its recipe",
  });
}

/** The bundle trained once more, in memory, by the configuration that it carries. */
async function makeAgain(
  { bundle, recipe }: OpenBundle,
  { dataDir, log, progress }: EvaluationContext,
): Promise<Bundle> {
  const again = await makeBundle(
    {
      recipe,
      bytes: bundledFilesOf(bundle, bundledConfigName),
      attachments: new Map(recipe.attachments.flatMap((name) => bundledEntry(bundle, name))),
    },
    // Whoever signs is none of the digest's business.
    {
      dataDir,
      log,
      progress,
      work: noWorkFolder,
      gated: bundle.manifest.lineage.ungated !== true,
      signer: parsePrivateKey(createKeyPair().privateKeyPem),
    },
  );
  return again.bundle;
}

/** Nothing where a bundle lacks what its configuration names: the recipe says so. */
function bundledEntry({ files }: Bundle, name: string): [string, Uint8Array][] {
  const bytes = files.get(name);
  return bytes === undefined ? [] : [[name, bytes]];
}

/** Nothing is common to both then, and judging the other one would be a look at its test data for nothing. */
function refuseOtherKind(dir: string, own: CommonConfig, active: CommonConfig): void {
  const [kind, other] = [own.dataset.kind, active.dataset.kind];
  if (kind === other) return;
  throw new AuroraError(
    "USAGE",
    `was made from ${kind} data, ${active.name}@${active.version} from ${other}`,
    {
      op: "evaluate bundle",
      subject: dir,
      hint: "give --against the folder of the model that this one replaces",
    },
  );
}

function describe(verdict: Verdict): string[] {
  const marks = { passed: "ok  ", failed: "FAIL", skipped: "–   " } as const;
  return [
    ...verdict.checks.map(({ name, outcome, words }) => `${marks[outcome]} ${name}: ${words}`),
    `${verdict.bundle.name}@${verdict.bundle.version} ${verdict.passed ? "passes" : "does not pass"} the gate`,
  ];
}
