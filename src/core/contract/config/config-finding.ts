/** What is wrong with a configuration, and what to write instead; where that stands in a file, the file's reader knows. */

/** Keys and indices from the top of a configuration to one of its values. */
export type KeyPath = readonly (string | number)[];

export interface ConfigFinding {
  readonly path: KeyPath;
  /** What is wrong, without the key and the value. */
  readonly problem: string;
  /** What to write, or do, instead. */
  readonly write?: string;
  /** What a default says, of which the file says nothing. */
  readonly value?: string;
  /** What it names is good no longer than this, epoch ms. */
  readonly endsMs?: number;
  /** The key itself is wrong, rather than its value. */
  readonly isKey?: true;
}

/** `turbines[0].points[1].bearing`; empty for the whole configuration. */
export function formatKeyPath(path: KeyPath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`),
    "",
  );
}

/** Words longer than this are compared by their beginnings. */
const maxWordLength = 100;

/** The one of `words` that `word` was probably meant to be; undefined where none is near. */
export function findNearest(word: string, words: Iterable<string>): string | undefined {
  const sought = word.slice(0, maxWordLength).toLowerCase();
  // A third of a short word would make any other word of it.
  const bound = Math.min(3, Math.ceil(sought.length / 3));
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of words) {
    const distance = editDistance(candidate.slice(0, maxWordLength).toLowerCase(), sought);
    if (distance <= bound && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) {
      best = { word: candidate, distance };
    }
  }
  return best?.word;
}

/** `; did you mean "url"?`, or nothing. */
export function suggestWord(word: string, words: Iterable<string>): string {
  const known = [...words];
  // `password` is short of passwordFile.
  const begun = known.find((each) => word.length >= 3 && each.toLowerCase().startsWith(word.toLowerCase()));
  const nearest = findNearest(word, known) ?? begun;
  return nearest === undefined ? "" : `; did you mean "${nearest}"?`;
}

/** Levenshtein distance. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const substitution = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substitution));
    }
    row = next;
  }
  return row[other.length]!;
}
