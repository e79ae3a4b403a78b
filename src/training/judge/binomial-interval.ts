/** How sure can a count of few events make anyone? The exact interval of Clopper & Pearson (1934). */

/** Bounds of the probability behind `successes` of `trials`, with at least `confidence` coverage. */
export function binomialInterval(
  successes: number,
  trials: number,
  confidence: number,
): { readonly low: number; readonly high: number } {
  const tail = (1 - confidence) / 2;
  return {
    low: successes === 0 ? 0 : bisect((p) => 1 - cumulative(successes - 1, trials, p) < tail),
    high: successes === trials ? 1 : bisect((p) => cumulative(successes, trials, p) > tail),
  };
}

/** The p at which `isBelow` turns false; it is true at 0 and false at 1. */
function bisect(isBelow: (p: number) => boolean): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(X ≤ k) of a binomial of n trials. */
function cumulative(k: number, n: number, p: number): number {
  let sum = 0;
  let term = (1 - p) ** n;
  for (let i = 0; i <= k; i++) {
    sum += term;
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
  }
  return sum;
}
