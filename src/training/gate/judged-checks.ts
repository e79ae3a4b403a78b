/** The gate's questions about how good a model is, answered from its judgement and what its bundle states. */

import type { Bundle } from "../../core/bundle/bundle.ts";
import type { Lineage } from "../../core/contract/bundle/lineage.ts";
import { readEvaluationOf } from "../bundle/bundled-files.ts";
import { type Figure, formatFigure } from "../judge/figure.ts";
import { answer, type GateCheck, skip } from "./gate-check.ts";
import type { Judgement } from "./judgement.ts";

/** A stated figure may differ from the judged one by this share of it: rounding of another platform's arithmetic. */
const tolerance = 1e-3;

/** Is anything both trained on and held out? */
export function checkLeakage(judgement: Judgement): GateCheck {
  const found = judgement.leakage.flatMap(({ by, shared }) => shared.map((each) => `${by}: ${each}`));
  const ways = judgement.leakage.map(({ by }) => by);
  return answer("leakage", found.length === 0 && ways.length > 0, {
    measured: { shared: found, checkedBy: ways },
    limits: { shared: [] },
    words:
      found.length > 0
        ? `training and held-out data share ${found.slice(0, 5).join(", ")}`
        : ways.length === 0
          ? "no way of overlapping was looked at"
          : `training and held-out data share no ${ways.join(", no ")}`,
  });
}

/** Are the data that the model was judged on now those that its lineage names? */
export function checkData({ fingerprints }: Pick<Judgement, "fingerprints">, lineage: Lineage): GateCheck {
  const named = Object.fromEntries(lineage.data.map(({ name, sha256 }) => [name, sha256]));
  const names = [...new Set([...Object.keys(named), ...Object.keys(fingerprints)])];
  const other = names.filter((name) => named[name] !== fingerprints[name]);
  return answer("data", other.length === 0, {
    measured: fingerprints,
    limits: named,
    words:
      other.length === 0
        ? `judged on the files that the lineage names: ${names.join(", ")}`
        : `judged on other files than the lineage names: ${other.join(", ")}`,
  });
}

/** The figures that the bundle states of itself; none where its evaluation is of another form. */
export function readStatedMetrics(bundle: Bundle): Readonly<Record<string, Figure>> {
  const { metrics } = readEvaluationOf(bundle);
  if (typeof metrics !== "object" || metrics === null) return {};
  return Object.fromEntries(Object.entries(metrics).filter(([, figure]) => isFigure(figure)));
}

/** Is every figure that the gate judges stated by the bundle, and as it is? */
export function checkStatedFigures(bundle: Bundle, { metrics }: Pick<Judgement, "metrics">): GateCheck {
  const stated = readStatedMetrics(bundle);
  const names = Object.keys(metrics).filter((name) => stated[name] !== undefined);
  const unstated = Object.keys(metrics).filter((name) => stated[name] === undefined);
  const wrong = names.filter((name) => !isSame(stated[name]!, metrics[name]!));
  const describe = (name: string): string =>
    `${name} ${formatExactly(stated[name]!)}, it is ${formatExactly(metrics[name]!)}`;
  return answer("stated-figures", wrong.length === 0 && unstated.length === 0 && names.length > 0, {
    measured: { compared: names, unstated, wrong: wrong.map(describe) },
    limits: { unstated: [], wrong: [] },
    words: [
      ...(wrong.length > 0
        ? [`states ${wrong.map(describe).join("; ")}`]
        : names.length > 0
          ? [`states ${names.join(", ")} as judged now`]
          : []),
      ...(unstated.length > 0 ? [`does not state ${unstated.join(", ")}, which is judged`] : []),
    ].join("; "),
  });
}

/** Are there enough independent units for any of the answers? */
export function checkEvidence({ evidence }: Pick<Judgement, "evidence">): GateCheck[] {
  if (evidence === undefined) return [];
  const { isEnough, isAccepted, words } = evidence;
  if (!isEnough && isAccepted)
    return [skip("evidence", `too little, accepted by who trained the model: ${words}`)];
  return [
    answer("evidence", isEnough, {
      measured: { enough: isEnough ? "yes" : "no" },
      limits: { enough: "yes" },
      words: isEnough ? words : `too little: ${words}`,
    }),
  ];
}

/**
 * Is every baseline beaten on held-out data, with the whole interval over independent units, or, where no more is asked, not
 * surely ahead? What is known of it elsewhere stands in the answer.
 */
export function checkBaselines({ baselines }: Judgement): GateCheck {
  const beaten = baselines.filter(({ gain, asked }) =>
    asked === "level" ? !(gain.high !== null && gain.high < 0) : gain.low !== null && gain.low > 0,
  );
  const others = baselines.filter((each) => !beaten.includes(each));
  return answer("baselines", baselines.length > 0 && others.length === 0, {
    measured: Object.fromEntries(baselines.map(({ name, gain }) => [name, formatFigure(gain, 4)])),
    limits: { lowestGain: 0 },
    words:
      others.length === 0
        ? `ahead of ${baselines.map(sayBaseline).join("; ")}`
        : [
            `not surely ahead of ${others.map(sayBaseline).join("; ")}`,
            ...others.flatMap(({ otherwise }) => (otherwise === undefined ? [] : [otherwise])),
          ].join("; "),
  });
}

function sayBaseline({ name, gain, asked, elsewhere }: Judgement["baselines"][number]): string {
  const other = elsewhere === undefined ? "" : `, ${elsewhere.where} by ${formatFigure(elsewhere.gain, 4)}`;
  const level = asked === "level" ? " (not behind is enough)" : "";
  return `${name} by ${formatFigure(gain, 4)}${other}${level}`;
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
  return answer("calibration", error.value <= limit, {
    measured: { expectedCalibrationError: error.value, low: error.low, high: error.high },
    limits: { expectedCalibrationError: limit },
    words: `expected calibration error ${formatFigure(error)}, at most ${limit} is accepted`,
  });
}

/** Do the integers decide as their float parent does? */
export function checkParity({ parity }: Judgement): GateCheck {
  if (parity === null) return skip("tail-parity", "the bundle keeps no figures of its float parent");
  const { lost, lostOf, limit, floatDetected, int8Detected, lostEventsLimit } = parity;
  const leastDetected = floatDetected - lostEventsLimit;
  return answer("tail-parity", lost <= limit && int8Detected >= leastDetected, {
    measured: { lost, lostOf, floatDetected, int8Detected },
    limits: { lost: limit, int8Detected: leastDetected },
    words: [
      `int8 loses ${lost.toFixed(3)} ${lostOf} (at most ${limit})`,
      ...(floatDetected === 0 && int8Detected === 0
        ? []
        : [
            `it detects ${int8Detected} events (at least ${leastDetected}), its float parent ${floatDetected}`,
          ]),
    ].join("; "),
  });
}

/** JSON has no NaN: what does not exist is null there. */
function isFigure(figure: unknown): figure is Figure {
  return (
    typeof figure === "object" && figure !== null && "value" in figure && "low" in figure && "high" in figure
  );
}

function isSame(stated: Figure, judged: Figure): boolean {
  return (["value", "low", "high"] as const).every((part) => {
    const [before, now] = [stated[part], judged[part]];
    const [isStated, isJudged] = [Number.isFinite(before), Number.isFinite(now)];
    if (!isStated || !isJudged) return isStated === isJudged;
    return Math.abs(before! - now!) <= tolerance * Math.max(Math.abs(now!), 1e-3);
  });
}

function formatExactly({ value, low, high }: Figure): string {
  const show = (part: number | null): string =>
    part !== null && Number.isFinite(part) ? part.toPrecision(4) : "–";
  return low === null && high === null ? show(value) : `${show(value)} (${show(low)} to ${show(high)})`;
}
