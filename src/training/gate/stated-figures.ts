/** What a bundle's `evaluation.json` says of the bundle, and whether it is so. */
import type { Bundle } from "../../core/bundle/bundle.ts";
import type { Figure } from "../judge/figure.ts";
import { readEvaluationOf } from "./bundled-files.ts";
import { answer, type GateCheck } from "./gate-check.ts";
import type { Judgement } from "./judgement.ts";

/** A stated figure may differ from the judged one by this share of it: rounding of another platform's arithmetic. */
const tolerance = 1e-3;

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
  return answer(
    "stated-figures",
    wrong.length === 0 && unstated.length === 0 && names.length > 0,
    { compared: names, unstated, wrong: wrong.map(describe) },
    { unstated: [], wrong: [] },
    [
      ...(wrong.length > 0
        ? [`states ${wrong.map(describe).join("; ")}`]
        : names.length > 0
          ? [`states ${names.join(", ")} as judged now`]
          : []),
      ...(unstated.length > 0 ? [`does not state ${unstated.join(", ")}, which is judged`] : []),
    ].join("; "),
  );
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
    // JSON has no NaN: a figure that does not exist is null there.
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
