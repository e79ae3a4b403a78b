/**
 * The gate's questions about the model that a new one replaces: no slice surely worse, no more mistakes. Without one that was named,
 * that is the parent that a fine-tuned model carries.
 */
import { computeBetaCdf } from "../../core/maths/student-t.ts";
import { compareSlices } from "../judge/slice-figures.ts";
import { answer, type GateCheck, skip } from "./gate-check.ts";
import type { JudgedCase, Judgement } from "./judgement.ts";

/** Another model on cases that both hold out. */
interface Rival extends Pick<Judgement, "cases"> {
  /** What is told of it beside the figures, a sentence each; absent: it is another bundle, whose cases may be others. */
  readonly told?: readonly string[] | undefined;
}

/** A new model is worse when it would look so in fewer than this share of comparisons of equal models. */
const significance = 0.05;

/** Is no slice significantly worse than the rival's, on the cases that both hold out? */
export function checkSlices(own: Pick<Judgement, "cases">, rival: Rival | null, seed: number): GateCheck {
  if (rival === null) return skip("slices", "no model to compare with was given (--against)");
  const lossOf = new Map(rival.cases.map(({ id, loss }) => [id, loss]));
  const pairs = own.cases.flatMap(({ id, slices, block = id, loss }) =>
    lossOf.has(id) ? [{ id, slices, block, difference: loss - lossOf.get(id)! }] : [],
  );
  const [worst] = compareSlices(pairs, seed);
  const aside = (rival.told ?? []).map((sentence) => `; ${sentence}`).join("");
  if (worst === undefined) {
    if (rival.told !== undefined) {
      return skip("slices", `no slice is of so many machines that it could be surely worse${aside}`);
    }
    return answer("slices", false, {
      measured: { pairs: pairs.length },
      limits: { significance },
      words: `only ${pairs.length} held-out cases are common to both models: too few to compare slices`,
    });
  }
  const isWorse = worst.adjustedP < significance && worst.meanDifference > 0;
  const { by, value, signals, meanDifference, adjustedP } = worst;
  return answer("slices", !isWorse, {
    measured: { pairs: pairs.length, worst: `${by} ${value}`, cases: signals, meanDifference, adjustedP },
    limits: { significance },
    words: `${isWorse ? "worse" : "no slice is significantly worse; the worst"} on ${by} ${value} (${signals} cases): loss ${meanDifference >= 0 ? "+" : ""}${meanDifference.toFixed(5)}, adjusted p ${adjustedP.toFixed(3)}${aside}`,
  });
}

/**
 * Does the decision rule find anything, which neither ranking nor calibration tells; and does it miss more faults, or raise
 * more on healthy machines, than the rival's?
 */
export function checkDecisions(
  own: Pick<Judgement, "cases" | "metrics">,
  rival: Pick<Rival, "cases"> | null,
): GateCheck {
  const { detected } = own.metrics;
  if (detected !== undefined && !(detected.value > 0)) {
    const words = "the decision rule finds none of the held-out faults";
    return answer("decisions", false, {
      measured: { detected: detected.value },
      limits: { detectedMoreThan: 0 },
      words,
    });
  }
  if (rival === null) return skip("decisions", "no model to compare with was given (--against)");
  const compared = compareDecisions(own.cases, rival.cases);
  if (compared.length === 0) return skip("decisions", "nothing is decided case by case");
  const words = compared.map(
    ({ mistake, onlyNew, onlyOld, p }) =>
      `${mistake}: ${onlyNew} of its own, ${onlyOld} of the other model's alone (p ${p.toFixed(3)})`,
  );
  const worse = compared.filter(({ p }) => p < significance);
  return answer("decisions", worse.length === 0, {
    measured: Object.fromEntries(
      compared.map(({ mistake, onlyNew, onlyOld }) => [mistake, `${onlyNew} to ${onlyOld}`]),
    ),
    limits: { significance },
    words: `${worse.length === 0 ? "not significantly more mistakes" : "significantly more mistakes"}; ${words.join("; ")}`,
  });
}

/** One kind of wrong decision under both models, on the cases that both hold out. */
interface DecisionComparison {
  readonly mistake: "missed" | "false-alarm";
  /** Cases that the new model alone gets wrong in this way, and those that the old one alone does. */
  readonly onlyNew: number;
  readonly onlyOld: number;
  /** Probability of as many blocks of cases on the new model's side, if both were equally good (sign test, one-sided). */
  readonly p: number;
}

/**
 * Does a new model decide worse than the other one? Compares both kinds of mistake, a block of cases (a machine, whose recordings
 * are alike) as one voice; empty where a judgement says nothing of decisions.
 */
function compareDecisions(own: readonly JudgedCase[], other: readonly JudgedCase[]): DecisionComparison[] {
  const before = new Map(other.map(({ id, decision }) => [id, decision]));
  const pairs = own.flatMap(({ id, block = id, decision }) => {
    const old = before.get(id);
    return decision === undefined || old === undefined ? [] : [{ block, decision, old }];
  });
  if (pairs.length === 0) return [];
  return (["missed", "false-alarm"] as const).map((mistake) => {
    let [onlyNew, onlyOld] = [0, 0];
    const voices = new Map<string, number>();
    for (const { block, decision, old } of pairs) {
      const more = Number(decision === mistake) - Number(old === mistake);
      if (more > 0) onlyNew++;
      if (more < 0) onlyOld++;
      voices.set(block, (voices.get(block) ?? 0) + more);
    }
    const [worse, better] = [
      [...voices.values()].filter((more) => more > 0),
      [...voices.values()].filter((more) => more < 0),
    ];
    const p = worse.length === 0 ? 1 : computeBetaCdf(0.5, worse.length, better.length + 1);
    return { mistake, onlyNew, onlyOld, p };
  });
}
