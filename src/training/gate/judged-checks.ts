/** The gate's questions about how good a model is, answered from its judgement. */
import type { Lineage } from "../../core/contract/bundle/lineage.ts";
import { compareSlices } from "../judge/compare-slices.ts";
import { formatFigure } from "../judge/figure.ts";
import { compareDecisions } from "./compare-decisions.ts";
import { answer, type GateCheck, skip } from "./gate-check.ts";
import type { Judgement } from "./judgement.ts";

/** A slice is worse when it would look so in fewer than this share of comparisons of equal models. */
const sliceSignificance = 0.05;

/** Is anything both trained on and held out? */
export function checkLeakage(judgement: Judgement): GateCheck {
  const found = judgement.leakage.flatMap(({ by, shared }) => shared.map((each) => `${by}: ${each}`));
  const ways = judgement.leakage.map(({ by }) => by);
  return answer(
    "leakage",
    found.length === 0 && ways.length > 0,
    { shared: found, checkedBy: ways },
    { shared: [] },
    found.length > 0
      ? `training and held-out data share ${found.slice(0, 5).join(", ")}`
      : ways.length === 0
        ? "no way of overlapping was looked at"
        : `training and held-out data share no ${ways.join(", no ")}`,
  );
}

/** Are the data that the model was judged on now those that its lineage names? */
export function checkData({ fingerprints }: Pick<Judgement, "fingerprints">, lineage: Lineage): GateCheck {
  const named = Object.fromEntries(lineage.data.map(({ name, sha256 }) => [name, sha256]));
  const names = [...new Set([...Object.keys(named), ...Object.keys(fingerprints)])];
  const other = names.filter((name) => named[name] !== fingerprints[name]);
  return answer(
    "data",
    other.length === 0,
    fingerprints,
    named,
    other.length === 0
      ? `judged on the files that the lineage names: ${names.join(", ")}`
      : `judged on other files than the lineage names: ${other.join(", ")}`,
  );
}

/** Is every baseline beaten, with the whole interval? */
export function checkBaselines({ baselines }: Judgement): GateCheck {
  const beaten = baselines.filter(({ gain }) => gain.low !== null && gain.low > 0);
  const others = baselines.filter((each) => !beaten.includes(each));
  return answer(
    "baselines",
    baselines.length > 0 && others.length === 0,
    Object.fromEntries(baselines.map(({ name, gain }) => [name, formatFigure(gain, 4)])),
    { lowestGain: 0 },
    others.length === 0
      ? `ahead of ${baselines.map(({ name, gain }) => `${name} by ${formatFigure(gain)}`).join(", ")}`
      : `not surely ahead of ${others.map(({ name, gain }) => `${name}: ${formatFigure(gain)}`).join(", ")}`,
  );
}

/**
 * Are the stated probabilities right? A configuration states its own limit: it may not be looser than the active
 * model's. The value is held against it, not the upper end of its interval: an error that is a mean of distances is above
 * zero for the best of models, resampling a handful of bearings lifts it further, and that end says how few they were
 * rather than how wrong the probabilities are. It stands in the answer, so that nobody takes the value for sure.
 */
export function checkCalibration(
  { calibration }: Judgement,
  against: Pick<Judgement, "calibration"> | null = null,
): GateCheck {
  if (calibration === null)
    return skip("calibration", "the model states no probability that it calls calibrated");
  const { error } = calibration;
  const limit = Math.min(calibration.limit, against?.calibration?.limit ?? calibration.limit);
  return answer(
    "calibration",
    error.value <= limit,
    { expectedCalibrationError: error.value, low: error.low, high: error.high },
    { expectedCalibrationError: limit },
    `expected calibration error ${formatFigure(error)}, at most ${limit} is accepted`,
  );
}

/** Do the integers decide as their float parent does? */
export function checkParity({ parity }: Judgement): GateCheck {
  if (parity === null) return skip("tail-parity", "the bundle keeps no figures of its float parent");
  const { lost, lostOf, limit, floatDetected, int8Detected, lostEventsLimit } = parity;
  const leastDetected = floatDetected - lostEventsLimit;
  return answer(
    "tail-parity",
    lost <= limit && int8Detected >= leastDetected,
    { lost, lostOf, floatDetected, int8Detected },
    { lost: limit, int8Detected: leastDetected },
    [
      `int8 loses ${lost.toFixed(3)} ${lostOf} (at most ${limit})`,
      ...(floatDetected === 0 && int8Detected === 0
        ? []
        : [
            `it detects ${int8Detected} events (at least ${leastDetected}), its float parent ${floatDetected}`,
          ]),
    ].join("; "),
  );
}

/** Is no slice significantly worse than the other model's, on the cases that both hold out? */
export function checkSlices(own: Judgement, against: Judgement | null, seed: number): GateCheck {
  if (against === null) return skip("slices", "no model to compare with was given (--against)");
  const lossOf = new Map(against.cases.map(({ id, loss }) => [id, loss]));
  const pairs = own.cases.flatMap(({ id, slices, block = id, loss }) =>
    lossOf.has(id) ? [{ id, slices, block, difference: loss - lossOf.get(id)! }] : [],
  );
  const [worst] = compareSlices(pairs, seed);
  if (worst === undefined) {
    return answer(
      "slices",
      false,
      { pairs: pairs.length },
      { significance: sliceSignificance },
      `only ${pairs.length} held-out cases are common to both models: too few to compare slices`,
    );
  }
  const isWorse = worst.adjustedP < sliceSignificance && worst.meanDifference > 0;
  const { by, value, signals, meanDifference, adjustedP } = worst;
  return answer(
    "slices",
    !isWorse,
    { pairs: pairs.length, worst: `${by} ${value}`, cases: signals, meanDifference, adjustedP },
    { significance: sliceSignificance },
    `${isWorse ? "worse" : "no slice is significantly worse; the worst"} on ${by} ${value} (${signals} cases): loss ${meanDifference >= 0 ? "+" : ""}${meanDifference.toFixed(5)}, adjusted p ${adjustedP.toFixed(3)}`,
  );
}

/**
 * Does the decision rule find anything, which neither ranking nor calibration tells; and does it miss more faults, or raise
 * more on healthy machines, than the active model's?
 */
export function checkDecisions(own: Judgement, against: Judgement | null): GateCheck {
  const { detected } = own.metrics;
  if (detected !== undefined && !(detected.value > 0)) {
    const words = "the decision rule finds none of the held-out faults";
    return answer("decisions", false, { detected: detected.value }, { detectedMoreThan: 0 }, words);
  }
  if (against === null) return skip("decisions", "no model to compare with was given (--against)");
  const compared = compareDecisions(own.cases, against.cases);
  if (compared.length === 0) return skip("decisions", "nothing is decided case by case");
  const words = compared.map(
    ({ mistake, onlyNew, onlyOld, p }) =>
      `${mistake}: ${onlyNew} of its own, ${onlyOld} of the active model's alone (p ${p.toFixed(3)})`,
  );
  const worse = compared.filter(({ p }) => p < sliceSignificance);
  return answer(
    "decisions",
    worse.length === 0,
    Object.fromEntries(
      compared.map(({ mistake, onlyNew, onlyOld }) => [mistake, `${onlyNew} to ${onlyOld}`]),
    ),
    { significance: sliceSignificance },
    `${worse.length === 0 ? "not significantly more mistakes" : "significantly more mistakes"}; ${words.join("; ")}`,
  );
}
