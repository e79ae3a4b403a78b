/** The gate over a bundle in its folder: judged anew, the verdict signed beside it, or an earlier verdict played again. */
import type { Bundle } from "../core/bundle/bundle.ts";
import type { Signer, TrustedKey } from "../core/bundle/dsse.ts";
import { readBundle } from "../core/bundle/verify-bundle.ts";
import { AuroraError } from "../core/contract/aurora-error.ts";
import type { CommonConfig } from "./common-config.ts";
import { type BundleEvaluation, openBundledRecipe } from "./evaluate-bundle.ts";
import { checkRebuild } from "./gate/rebuild-check.ts";
import { type GateSubject, runGate } from "./gate/run-gate.ts";
import { compareVerdicts, createVerdict, readVerdict, type Verdict, writeVerdict } from "./gate/verdict.ts";
import type { EvaluationContext } from "./recipe.ts";

/** How to ask. */
export interface GateOptions extends EvaluationContext {
  /** Folder of the active model, or null. */
  readonly against: string | null;
  /** `auto`: retrains where the recipe is quick. */
  readonly rebuild: "yes" | "no" | "auto";
  /** Signs the verdict; null = it is not written. */
  readonly signer: Signer | null;
}

/** Asks all questions of the gate. Fails with BUNDLE_*, DATA_MISSING, DATA_FORMAT, TRAINING or STORE. */
export async function evaluateGate(dir: string, options: GateOptions): Promise<BundleEvaluation> {
  const verdict = await judge(dir, options);
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
  const now = await judge(dir, { ...options, rebuild: wasRebuilt ? "yes" : "no", signer: null });
  const differences = compareVerdicts(record, now);
  const passed = differences.length === 0;
  return {
    json: { protocol: "replay", bundle: now.bundle, differences, metrics: now.metrics, passed },
    lines: passed ? ["the verdict is true: every answer is the same"] : differences,
    passed,
  };
}

async function judge(dir: string, options: GateOptions): Promise<Verdict> {
  const bundle = await readBundle(dir);
  const recipe = openBundledRecipe(bundle, dir);
  const against = options.against === null ? null : await openAgainst(options.against);
  if (against !== null) refuseOtherKind(dir, recipe.config, against.recipe.config);
  const wanted = options.rebuild === "yes" || (options.rebuild === "auto" && recipe.isQuick);
  const rebuild: GateSubject["rebuild"] = wanted
    ? () => checkRebuild(bundle, recipe, options)
    : { notNow: "not asked for (--rebuild)" };
  const result = await runGate({ bundle, recipe, against, rebuild }, options);
  return createVerdict(bundle, against?.bundle ?? null, result);
}

async function openAgainst(dir: string): Promise<{ bundle: Bundle; recipe: GateSubject["recipe"] }> {
  const bundle = await readBundle(dir);
  return { bundle, recipe: openBundledRecipe(bundle, dir) };
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
