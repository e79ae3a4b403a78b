/**
 * Which label a word means that people name folders and files by, in English or German. Guesses nothing from letters inside a
 * word, and nothing where a negation stands beside it: `not healthy` may be any fault, and `not faulty` may be unknown.
 */
import { faultKinds } from "../../core/contract/bundle/bearing-fault.ts";
import type { RecordedLabel } from "../../training/dataset/recordings/recording-set.ts";

const words: Readonly<Record<RecordedLabel, string>> = {
  healthy: "healthy normal ok good baseline intact undamaged new nofault gesund gesunde gesundes",
  "inner-race": "inner innerrace innerring ir bpfi irf innenring",
  "outer-race": "outer outerrace outerring or bpfo orf außenring aussenring",
  ball: "ball balls roller rollers rolling rollingelement bsf wälzkörper waelzkoerper kugel",
  faulty: "faulty fault faults damaged damage defect defective bad broken failed defekt schaden beschädigt",
};
const labelOf = new Map(
  (Object.entries(words) as [RecordedLabel, string][]).flatMap(([label, own]) =>
    own.split(" ").map((word) => [word, label] as const),
  ),
);
/** Words that turn around what stands beside them, and such that do so with a word of their own. */
const negations: ReadonlySet<string> = new Set(
  "not no non never without un nicht kein keine ohne".split(" "),
);
const negated: ReadonlySet<string> = new Set("unhealthy abnormal imperfect ungesund".split(" "));

/** Words of a label that name a kind of bearing, a load or a signal together with the next one. */
const otherMeanings =
  /(?<!\p{L})(?:(?:balls?|rollers?|rolling|kugel)[^\p{L}]*(?:bearings?|lager|mill)|(?:normal|good)[^\p{L}]*(?:loads?|last|signals?|speed))(?!\p{L})/gu;

/** What a name says of a label: `asked` where only its author knows what it means. */
export type NamedLabel = RecordedLabel | "asked" | null;

/** The label that a name means as a whole or by one of its words, such as `inner_race_07`; null: it speaks of none. */
export function readLabelWord(name: string): NamedLabel {
  const whole = readWholeLabel(name);
  if (whole !== null) return whole;
  const parts = splitWords(name);
  const found = new Set(parts.flatMap((word) => labelOf.get(word) ?? []));
  if (parts.some((word) => negated.has(word))) return "asked";
  if (found.size > 0 && parts.some((word) => negations.has(word))) return "asked";
  return joinLabels([...found]);
}

/** One label of several: `inner fault` says which fault; two that contradict each other are asked. */
export function joinLabels(labels: readonly RecordedLabel[]): NamedLabel {
  const found = new Set(labels);
  if (faultKinds.some((kind) => found.has(kind))) found.delete("faulty");
  return found.size > 1 ? "asked" : ([...found][0] ?? null);
}

/** The label that a name means as a whole: `Inner Race`, not `DE_IR_7`. */
export function readWholeLabel(name: string): RecordedLabel | null {
  return labelOf.get(plain(name).replace(/[^\p{L}\p{N}]/gu, "")) ?? null;
}

function splitWords(name: string): readonly string[] {
  return plain(name)
    .replace(otherMeanings, " ")
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== "");
}

function plain(name: string): string {
  return name.normalize("NFC").toLowerCase();
}
