/**
 * What the columns of a point tell one another of how far their days scatter: moderated variances (Smyth, 2004). How far a
 * column's days should scatter is known from its hours; that they scatter otherwise, and by how much, columns have more or less in
 * common. The more alike they are, the more days of its own a column is lent. Decides nothing.
 */
import { average } from "../maths/moments.ts";
import { computeDigamma, computeTrigamma } from "../maths/student-t.ts";
import { countDegrees, type DayScatter } from "./day-scatter.ts";
import { type Widening, widenDegrees } from "./resemblance.ts";

/** Degrees of freedom and the variance of a day that the other columns add to a column's own. */
export interface LentDays {
  readonly degrees: number;
  readonly variance: number;
}

/** A column as it lends. `expected`: variance of a day by its hours alone; 0: not known, it neither lends nor borrows. */
interface Lender {
  readonly scatter: DayScatter;
  readonly widening: Widening;
  readonly expected: number;
}

/** What is believed beforehand of how alike columns are, each as probable: degrees of freedom of their variances' common law. */
const likenesses = [2, 4, 8, 16, 32, 64, 128];

/**
 * With as many days nothing is lent, with fewer no more degrees than are lacking to theirs: four weeks. Days of real machines are a little wilder
 * than normal ones, which so few do not show and a test with more degrees would not forgive.
 */
const enoughDays = 28;

/** With fewer others nothing is known of how alike they are. */
const fewestOthers = 4;

const nothing: LentDays = { degrees: 0, variance: 0 };

/** One a column, in their order. */
export function lendDays(lenders: readonly Lender[]): LentDays[] {
  const given = lenders.filter(({ expected }) => expected > 0);
  const others = given.length - 1;
  const lacking = enoughDays - (given[0]?.scatter.values.length ?? enoughDays);
  if (lacking <= 0 || others < fewestOthers) return lenders.map(() => nothing);
  const degrees = given.map(({ scatter, widening }) => widenDegrees(countDegrees(scatter), widening));
  // Logarithm of the variance over the expected one: what it is on average of so few days is taken off.
  const excesses = given.map(
    ({ scatter, widening, expected }, index) =>
      Math.log(scatter.variance / widening.unbiased / expected) - biasOf(degrees[index]!),
  );
  const noise = computeTrigamma(average(degrees) / 2);
  const common = noise * measureCommon(given, average(degrees));
  return lenders.map((lender) => {
    const index = given.indexOf(lender);
    if (index === -1) return nothing;
    const rest = excesses.filter((_, other) => other !== index);
    const centre = average(rest);
    const unlike = estimateUnlikeness(rest, noise - common);
    // Of two estimates whose errors have something in common: the column's own, and what the others say of it.
    const own = computeTrigamma(degrees[index]! / 2);
    let told = (noise + (others - 1) * common + unlike) / others + unlike;
    // A column that scatters further than the others say is the less like them.
    const further = Math.max(0, excesses[index]! - centre);
    told *= Math.max(1, further ** 2 / (own + told - 2 * common));
    const both = (own * told - common * common) / (own + told - 2 * common);
    const lent = Math.min(lacking, invertTrigamma(both) - degrees[index]!);
    return lent > 0
      ? { degrees: lent, variance: lender.expected * Math.exp(centre + biasOf(lent)) }
      : nothing;
  });
}

/** Mean of the logarithm of χ² over its degrees. */
function biasOf(degrees: number): number {
  return computeDigamma(degrees / 2) - Math.log(degrees / 2);
}

/** Mean squared correlation of the days of any two columns, less what chance gives: so much of their variances' errors is common; 0 to 1. */
function measureCommon(lenders: readonly Lender[], degrees: number): number {
  const columns = lenders.map(({ scatter: { values } }) => {
    const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    return values.map((value) => value / Math.max(1e-12, length));
  });
  let sum = 0;
  for (const [index, column] of columns.entries()) {
    for (const other of columns.slice(0, index)) {
      sum += column.reduce((dot, value, day) => dot + value * other[day]!, 0) ** 2;
    }
  }
  const mean = sum / ((columns.length * (columns.length - 1)) / 2);
  return Math.max(0, (mean - 1 / degrees) / (1 - 1 / degrees));
}

/** Expected variance of the logarithms of true variances, of estimates of them with errors of variance `noise`. */
function estimateUnlikeness(excesses: readonly number[], noise: number): number {
  const centre = average(excesses);
  const squares = excesses.reduce((sum, each) => sum + (each - centre) ** 2, 0);
  let weights = 0;
  let sum = 0;
  for (const likeness of likenesses) {
    const unlike = computeTrigamma(likeness / 2);
    const whole = noise + unlike;
    const weight = whole ** (-(excesses.length - 1) / 2) * Math.exp(-squares / (2 * whole));
    weights += weight;
    sum += weight * unlike;
  }
  // Columns that have nothing in common at all: every likeness is as improbable.
  return weights > 0 ? sum / weights : computeTrigamma(likenesses[0]! / 2);
}

/** Degrees of freedom of the χ² whose logarithm has this variance. */
function invertTrigamma(variance: number): number {
  let low = 1e-3;
  let high = 1e4;
  for (let step = 0; step < 50; step++) {
    const middle = Math.sqrt(low * high);
    if (computeTrigamma(middle) > variance) low = middle;
    else high = middle;
  }
  return 2 * high;
}
