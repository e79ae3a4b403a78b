/** The tables of a fine-tuned bundle, for its card and its report alike. */
import { type Figure, formatFigure } from "../../../judge/figure.ts";
import type { ReportTable } from "../../../report/report-parts.ts";
import { sayWorse } from "../judge/beside-parent.ts";
import { countWrong } from "../judge/machine-outcomes.ts";
import type { TunedEvaluation } from "../judge/tuned-evaluation.ts";
import { tunedContenders } from "../judge/tuned-figures.ts";
import { tabulateMachines } from "./machine-table.ts";

/** What the headline figure is, in words. */
export const headlineWords: Readonly<Record<TunedEvaluation["headline"], string>> = {
  macroAuroc: "macro AUROC over the kinds of fault",
  faultAuroc: "AUROC of a fault at all, against healthy",
};

/** What an interval over machines rests on, where there is one. */
const intervalWords =
  "95 % intervals draw whole machines anew, the same draws for all; where no draw changes a figure of 1, its lower end is the exact bound of as many cases as there are machines, and any other figure has none";

/** Everybody on the same machines. */
export function tabulateContenders({ contenders, headline, evidence }: TunedEvaluation): ReportTable {
  return {
    title: "Beside its parent",
    caption: `On ${evidence.machines} machines, each left out in turn; one window one case; ${intervalWords}. A lead is the fine-tuned student's, paired.`,
    head: ["", headlineWords[headline], "a fault at all", "the student leads by"],
    rows: contenders.map(({ name, headline: figure, faultAuroc, lead }) => [
      tunedContenders[name],
      sayFigure(figure, evidence),
      sayFigure(faultAuroc, evidence),
      lead === null ? "–" : sayFigure(lead, evidence),
    ]),
  };
}

/** A figure over machines; without an interval it says of how many. */
function sayFigure(figure: Figure, { machines }: Pick<TunedEvaluation["evidence"], "machines">): string {
  const words = formatFigure(figure);
  return figure.low === null ? `${words} (no interval: ${machines} machines)` : words;
}

/** Confusion by machine, the parent's beside it. */
export function tabulateTunedMachines({ machines, parentMachines }: TunedEvaluation): ReportTable {
  return tabulateMachines(
    "Recordings by what a gateway would have said of them, by a student that had not heard the machine, as of a machine that nobody knows; in brackets what the parent says.",
    machines,
    parentMachines,
  );
}

/** What to record next, the most useful first. */
export function tabulateNext({ next }: TunedEvaluation): ReportTable {
  return {
    title: "What to record next",
    caption:
      "The most useful first: by how much half the 95 % interval of a share of such machines becomes narrower with one more.",
    head: ["record", "narrower by"],
    rows: next.map(({ words, narrower }) => [words, narrower.toFixed(3)]),
  };
}

/** What the figures say, a sentence each. */
export function sayTuned(evaluation: TunedEvaluation): string[] {
  const { contenders, headline, parent, evidence, remembered, metrics, machines } = evaluation;
  const [own] = contenders;
  const lead = (name: string) => contenders.find((each) => each.name === name)?.lead ?? null;
  const say = (name: string, title: string): string[] => {
    const figure = lead(name);
    if (figure === null) return [];
    const { low, high } = figure;
    const verdict =
      low !== null && low > 0
        ? "is surely ahead of"
        : high !== null && high < 0
          ? "is surely behind"
          : "cannot be told from";
    return [
      `On machines left out, the student ${verdict} ${title}: ${sayFigure(figure, evidence)} in ${headlineWords[headline]}.`,
    ];
  };
  const worse = sayWorse(evaluation.besideParent);
  const wrong = machines.filter((each) => countWrong(each) > 0);
  return [
    ...(evidence.isLittle
      ? [
          `TOO LITTLE EVIDENCE${evidence.isAccepted ? ", accepted by who trained it" : ""}: an honest figure takes ${evidence.lacking.join(", ")}.`,
        ]
      : []),
    `${headlineWords[headline]} ${sayFigure(own!.headline, evidence)}; ${formatFigure(metrics.detected!, 2)} of the faulty recordings found, ${formatFigure(metrics.quiet!, 2)} of the healthy ones quiet: intervals of as many cases as there are machines.`,
    ...say("parent", `its parent ${parent.name}@${parent.version}`),
    ...(worse.length === 0 ? [] : [`WORSE THAN ITS PARENT in places: ${worse.join("; ")}.`]),
    ...say("physics", "the physics score"),
    ...say("logistic", "a converged logistic regression"),
    `Of what the parent was taught is left: macro AUROC ${formatFigure(remembered.tuned)} on invented rigs that neither was tuned on, the parent's ${formatFigure(remembered.parent)} (difference ${formatFigure(remembered.difference)}).`,
    wrong.length === 0
      ? "Every recording of every machine is decided rightly by a student that had not heard the machine."
      : `Wrong somewhere on ${wrong.length} of ${machines.length} machines: ${wrong.map(({ machine }) => machine).join(", ")}.`,
  ];
}
