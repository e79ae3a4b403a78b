/** Options of the long suites: a wrong one is refused, because a suite that runs nothing finds nothing wrong. */

/** Reads a whole number. Throws where it is none or less than `least`. */
export function readWholeNumber(option: string, text: string, least = 1): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(number) || number < least)
    throw new Error(`--${option} is a whole number from ${least} on, not "${text}"`);
  return number;
}

/** Reads a number above 0. Throws where it is none. */
export function readPositiveNumber(option: string, text: string): number {
  const number = Number(text);
  if (!(number > 0 && number < Number.POSITIVE_INFINITY))
    throw new Error(`--${option} is a number above 0, not "${text}"`);
  return number;
}

/** Reads names of parts with commas between them; all where none are asked for. Throws where one is not there. */
export function readPartNames(text: string | undefined, known: readonly string[]): readonly string[] {
  const asked = text?.split(",") ?? known;
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`no part "${unknown}", there are ${known.join(", ")}`);
  return asked;
}
