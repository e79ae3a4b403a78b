/**
 * The budget of a whole fleet: of many points' p-values those that people are told of, so that on average no more than a
 * declared share of them are false, however the points depend on one another. Knows no time: one period at once.
 */

/**
 * The e-value of a p-value: 0.5 to ∞, of mean 1 where p is uniform (Vovk, Wang: E-values: calibration, combination and
 * applications, Annals of Statistics 49, 2021: the calibrators κ p^(κ − 1) mixed over κ in (0, 1)).
 * @throws RangeError for a p-value outside 0 to 1
 */
export function calibrateEvidence(pValue: number): number {
  if (!(pValue >= 0 && pValue <= 1)) throw new RangeError(`a p-value of ${pValue}`);
  if (pValue === 0) return Number.POSITIVE_INFINITY;
  const depth = -Math.log(pValue);
  // Near 1 the numerator cancels: its series in −ln p, to the third term.
  if (depth < 1e-3) return (1 / 2 - depth / 3 + (depth * depth) / 8) / pValue;
  return (1 - pValue - pValue * depth) / (pValue * depth * depth);
}

/**
 * Which of a period's points survive, in their order (e-BH: Wang, Ramdas: False discovery rate control with e-values,
 * Journal of the Royal Statistical Society B 84, 2022). A point that is not heard yet counts as one without any evidence:
 * whatever it brings later, nobody who survives now would not survive then.
 * @param pValues of the points that were assessed
 * @param budget.falseShare share of false ones among those that survive, on average
 * @param budget.awaited points that are still to be assessed
 */
export function selectSurvivors(
  pValues: readonly number[],
  budget: { readonly falseShare: number; readonly awaited: number },
): readonly boolean[] {
  const evidence = pValues.map(calibrateEvidence);
  const points = evidence.length + budget.awaited;
  const sorted = [...evidence].sort((a, b) => b - a);
  let threshold = Number.POSITIVE_INFINITY;
  for (const [index, value] of sorted.entries()) {
    if (value * (index + 1) * budget.falseShare >= points) threshold = value;
  }
  // Nobody: no value is as large as the threshold, but an infinite one is.
  const anyone = sorted.length > 0 && sorted[0]! >= threshold;
  return evidence.map((value) => anyone && value >= threshold);
}
