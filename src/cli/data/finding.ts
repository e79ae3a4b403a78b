/** What a check of data found: where it stands, what is wrong with which value, and the cure. */
import { type Severity, severities } from "../../training/dataset/scada/check/data-finding.ts";

export interface Finding {
  readonly severity: Severity;
  /** Kind of finding, for machines. */
  readonly check: string;
  /** File and line of the manifest. */
  readonly where: string;
  /** The recording's file; null: the finding is of several or of none. */
  readonly file: string | null;
  readonly message: string;
  readonly cure: string;
}

/** Files that are named beside the first of a pattern. */
const shownFiles = 5;

/** Findings of one kind in one entry of the manifest, such as a pattern's, become one that tells of the first file and names others. */
export function gatherFindings(findings: readonly Finding[]): Finding[] {
  const kept = new Map<string, { readonly finding: Finding; readonly more: (string | null)[] }>();
  for (const finding of findings) {
    const key = `${finding.severity} ${finding.check} ${finding.where} ${withoutNames(finding)}`;
    const before = kept.get(key);
    if (before === undefined) kept.set(key, { finding, more: [] });
    else before.more.push(finding.file);
  }
  return [...kept.values()]
    .map(({ finding, more }) => {
      if (more.length === 0) return finding;
      const files = more.flatMap((file) => (file === null || file === finding.file ? [] : [file]));
      const names = files.length === 0 ? "" : `: ${nameSome([...new Set(files)], shownFiles)}`;
      return { ...finding, message: `${finding.message} (and ${more.length} more of this entry${names})` };
    })
    .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

/** What is wrong, whatever the file is called and the numbers are: files of one pattern may fail in several ways. */
function withoutNames({ message, file }: Finding): string {
  const plain = file === null ? message : message.replaceAll(file, "");
  return plain.replaceAll(/\S+\.(npy|csv|tsv|txt|mat|parquet|wav)\b\S*/gi, "").replaceAll(/[\d.,]+/g, "");
}

/** The first of them, and that there are more. */
export function nameSome(names: readonly string[], most: number): string {
  return `${names.slice(0, most).join(", ")}${names.length > most ? ", …" : ""}`;
}
