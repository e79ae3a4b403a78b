/**
 * What descriptions of recordings say otherwise than what counts instead: an option, or a description that comes before. A thousand
 * recordings are usually alike: they are told of together. Decides nothing.
 */
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import { isSameNumber } from "../../../training/dataset/same-number.ts";
import { isSameBearing } from "../../../training/dataset/sidecar/bearing-words.ts";
import type { SidecarPart } from "../../../training/dataset/sidecar/sidecar.ts";

/** What one description says, and which it is, in words. */
export interface DescribedPart extends SidecarPart {
  readonly from?: string | undefined;
}

/** Hears of one recording after the other. */
interface Contradictions {
  /** `options` count first, then each of `described` before the next. */
  look(path: string, options: SidecarPart, described: readonly DescribedPart[]): void;
  /** In words, each behind what it is about. */
  list(): readonly string[];
}

type Said = number | string | BearingOrders;

/** Something that several may say of a recording. */
interface Subject {
  readonly name: "rate" | "speed" | "scale" | "unit" | "bearing";
  readonly option: string;
  /** Of its numbers; empty: none. */
  readonly unit: string;
  read(part: SidecarPart): Said | undefined;
}

/** A speed that has a channel counts more than its mean, which may stand beside it. */
const changing = "one that changes";
const subjects: readonly Subject[] = [
  { name: "rate", option: "--rate-hz", unit: " Hz", read: ({ rateHz }) => rateHz },
  {
    name: "speed",
    option: "--shaft-rpm",
    unit: " rpm",
    read: ({ speed, shaftRpm }) => (speed === undefined ? shaftRpm : changing),
  },
  { name: "scale", option: "--scale", unit: "", read: ({ scale }) => scale },
  { name: "unit", option: "--unit", unit: "", read: ({ unit }) => unit },
  { name: "bearing", option: "--bearing", unit: "", read: ({ bearing }) => bearing },
];

/** Different words that are shown. */
const shownWords = 3;

/** Recordings of which the same source says something else than the same other one. */
interface Contradicted {
  readonly subject: Subject;
  readonly from: string;
  readonly counts: string;
  readonly saidOf: Map<string, Said>;
}

/** Creates it without any. */
export function createContradictions(): Contradictions {
  const groups = new Map<string, Contradicted>();
  return {
    look: (path, options, described) => {
      for (const subject of subjects) {
        const parts = [options, ...described].flatMap((part: DescribedPart) => {
          const said = subject.read(part);
          return said === undefined ? [] : [{ part, said }];
        });
        const [first, ...others] = parts;
        if (first === undefined || first.said === changing) continue;
        const counts =
          first.part === options
            ? `${subject.option} ${show(subject, [first.said], "")}`
            : (first.part.from ?? "its description");
        for (const { part, said } of others) {
          if (isSame(first.said, said)) continue;
          const { from = "its description" } = part;
          const key = [subject.name, from, counts].join("\0");
          const group = groups.get(key) ?? { subject, from, counts, saidOf: new Map<string, Said>() };
          groups.set(key, group);
          group.saidOf.set(path, said);
        }
      }
    },
    list: () =>
      [...groups.values()].map(({ subject, from, counts, saidOf }) => {
        const [path] = saidOf.keys();
        const more = saidOf.size === 1 ? "" : ` (and ${saidOf.size - 1} more)`;
        const said = show(subject, [...saidOf.values()], subject.unit);
        return `${subject.name}: ${path}${more}: ${from} states another ${subject.name} (${said}), and ${counts} counts instead`;
      }),
  };
}

function isSame(one: Said, other: Said): boolean {
  if (typeof one === "object") return typeof other === "object" && isSameBearing(one, other);
  if (typeof one === "number" && typeof other === "number") return isSameNumber(one, other);
  return one === other;
}

/** Numbers by the least and the greatest, words by the first of them. */
function show({ name }: Subject, said: readonly Said[], unit: string): string {
  const numbers = said.flatMap((each) =>
    typeof each === "number" ? [each] : typeof each === "object" ? [each.bpfo] : [],
  );
  const words = [...new Set(said.filter((each) => typeof each === "string"))].slice(0, shownWords);
  if (numbers.length === 0) return words.join(", ");
  const [least, greatest] = [Math.min, Math.max].map(
    (pick) => `${Number(numbers.reduce((a, b) => pick(a, b)).toPrecision(5))}`,
  );
  const range = `${name === "bearing" ? "bpfo " : ""}${least === greatest ? least : `${least} to ${greatest}`}${unit}`;
  return [range, ...words].join(", ");
}
