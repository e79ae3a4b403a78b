/** Which label a word means that people name folders and files by. Guesses nothing from letters inside a word. */
import type { RecordedLabel } from "../../training/dataset/recordings/recording-set.ts";

const words: Readonly<Record<RecordedLabel, string>> = {
  healthy: "healthy normal ok good baseline intact undamaged new nofault",
  "inner-race": "inner innerrace innerring ir bpfi irf",
  "outer-race": "outer outerrace outerring or bpfo orf",
  ball: "ball balls roller rollers rolling rollingelement bsf",
  faulty: "faulty fault faults damaged damage defect defective bad broken failed",
};
const labelOf = new Map(
  (Object.entries(words) as [RecordedLabel, string][]).flatMap(([label, own]) =>
    own.split(" ").map((word) => [word, label] as const),
  ),
);

/** The label that a name means as a whole or by one of its words, such as `inner_race_07`; null: none, or two. */
export function readLabelWord(name: string): RecordedLabel | null {
  const lower = name.toLowerCase();
  const whole = readWholeLabel(name);
  if (whole !== null) return whole;
  const found = new Set(lower.split(/[^a-z]+/).flatMap((word) => labelOf.get(word) ?? []));
  // `inner fault` says which fault.
  if (found.size > 1) found.delete("faulty");
  return found.size === 1 ? [...found][0]! : null;
}

/** The label that a name means as a whole: `Inner Race`, not `DE_IR_7`. */
export function readWholeLabel(name: string): RecordedLabel | null {
  return labelOf.get(name.toLowerCase().replace(/[^a-z0-9]/g, "")) ?? null;
}
