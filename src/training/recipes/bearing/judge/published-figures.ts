/**
 * Figures over the 100 published splits in words, whoever they come from: the protocol that computes them, or the
 * configuration, which states for the card what the protocol printed. Holds the one against the other.
 */
import { type Figure, formatFigure } from "../../../judge/figure.ts";
import type { PublishedFigures } from "../bearing-config.ts";
import { sayFinding } from "./shrink-figures.ts";

/** Who is judged on the splits, in the sequence of the lines. */
export const judgedNames = ["int8", "float", "teacher", "logistic", "physics"] as const;

/** One of {@link judgedNames}. */
export type JudgedName = (typeof judgedNames)[number];

const titles: Readonly<Record<JudgedName, string>> = {
  int8: "int8 student",
  float: "float student",
  teacher: "teacher",
  logistic: "tied logistic regression, converged",
  physics: "physics score, nothing learnt",
};

const gainSubjects = {
  overLogistic: "Learning more than a logistic regression",
  overPhysics: "Learning at all, against the physics score,",
} as const;

/** The figures as lines: everybody's, then by how much the student is ahead. */
export function sayPublished({ splits, bearings, figures, gains }: PublishedFigures): string[] {
  return [
    `macro AUROC, mean over ${splits} bearing-wise splits, with 95 % intervals that draw the ${bearings} bearings anew which the splits share`,
    ...judgedNames.flatMap((name) => {
      const figure = figures[name];
      return figure === undefined ? [] : [`${titles[name]}: ${formatFigure(figure, 4)}`];
    }),
    ...(["overLogistic", "overPhysics"] as const).flatMap((name) => {
      const gain = gains[name];
      return gain === undefined ? [] : [sayFinding(gainSubjects[name], gain)];
    }),
  ];
}

/** Figures are stated with four digits. */
const rounding = 5e-5 + 1e-9;

/** Where what is stated is not what was computed; empty where it is, or where nothing is stated. */
export function comparePublished(stated: PublishedFigures | undefined, judged: PublishedFigures): string[] {
  if (stated === undefined) return [];
  const pairs: (readonly [string, Figure | undefined, Figure | undefined])[] = [
    ...judgedNames.map((name) => [titles[name], stated.figures[name], judged.figures[name]] as const),
    ...(["overLogistic", "overPhysics"] as const).map(
      (name) => [gainSubjects[name], stated.gains[name], judged.gains[name]] as const,
    ),
  ];
  const wrong = pairs.filter(([, left, right]) => left !== undefined && !isSame(left, right));
  return wrong.map(
    ([name, left, right]) =>
      `the configuration states ${formatFigure(left!, 4)} for "${name}", it is ${right === undefined ? "not there" : formatFigure(right, 4)}`,
  );
}

function isSame(left: Figure, right: Figure | undefined): boolean {
  if (right === undefined) return false;
  const near = (a: number | null, b: number | null): boolean =>
    a === null || b === null ? a === b : Math.abs(a - b) <= rounding;
  return near(left.value, right.value) && near(left.low, right.low) && near(left.high, right.high);
}
