/** What a check of data found: where it stands, what is wrong with which value, and the cure. */

export interface Finding {
  /** `error`: training would be spoilt or refused; `warning`: it may be; `note`: worth knowing. */
  readonly severity: "error" | "warning" | "note";
  /** Kind of finding, for machines. */
  readonly check: string;
  /** File and line of the manifest. */
  readonly where: string;
  /** The recording's file; null: the finding is of several or of none. */
  readonly file: string | null;
  readonly message: string;
  readonly cure: string;
}

const severities = ["error", "warning", "note"] as const;

/** Findings of one kind in one entry of the manifest, such as a pattern's, become one that names the first file. */
export function gatherFindings(findings: readonly Finding[]): Finding[] {
  const kept = new Map<string, { readonly finding: Finding; count: number }>();
  for (const finding of findings) {
    const key = `${finding.severity} ${finding.check} ${finding.where}`;
    const before = kept.get(key);
    if (before === undefined) kept.set(key, { finding, count: 1 });
    else before.count++;
  }
  return [...kept.values()]
    .map(({ finding, count }) => {
      const more = count === 1 ? "" : ` (and ${count - 1} more of this entry)`;
      return { ...finding, message: `${finding.message}${more}` };
    })
    .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}
