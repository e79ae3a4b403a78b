/** Which diagnoses of a device or a source hold, since when, and what is news: each is told when it begins and when it is over. */
import { type DeviceDiagnosis, maxDiagnosisText } from "../../core/contract/device/device-diagnosis.ts";
import { minuteMs } from "../../core/maths/durations.ts";
import type { DiagnosisVerdict } from "./device-facts.ts";

export interface DiagnosisTime {
  readonly nowMs: number;
  readonly monotonicMs: number;
}

export interface DiagnosisNews {
  readonly kind: "onset" | "over";
  readonly diagnosis: DeviceDiagnosis;
}

/** As an event tells it. */
export function describeNews({ kind, diagnosis: { code, text, cure } }: DiagnosisNews): string {
  return kind === "onset" ? `${text}. ${cure} (${code})` : `over: ${text} (${code})`;
}

export interface DiagnosisLedger<Code extends string> {
  /** Takes what was found now; returns what is news, in the order of the codes. */
  update(verdicts: ReadonlyMap<Code, DiagnosisVerdict>, now: DiagnosisTime): readonly DiagnosisNews[];
  /** Worst first. */
  readonly diagnoses: readonly DeviceDiagnosis[];
}

/** What holds at a border comes and goes: it is over when nothing of it was seen for so long. */
const lingerMs = minuteMs;

/** Which codes there are, and how they end; what is alike in all devices or sources shares it. */
export interface DiagnosisRules<Code extends string> {
  /** Worst first. */
  readonly codes: readonly Code[];
  /** These are plain facts, and over when they are. */
  readonly plain: readonly Code[];
}

/** `first` is what was told: whoever reads that it is over finds its beginning by the words. */
interface Standing {
  readonly first: DeviceDiagnosis;
  diagnosis: DeviceDiagnosis;
  readonly beganMonotonicMs: number;
  seenMonotonicMs: number;
}

/** Creates the ledger of something that nothing is wrong with. */
export function createDiagnosisLedger<Code extends string>(
  rules: DiagnosisRules<Code>,
): DiagnosisLedger<Code> {
  return new Ledger(rules);
}

class Ledger<Code extends string> implements DiagnosisLedger<Code> {
  readonly #rules: DiagnosisRules<Code>;
  readonly #standing = new Map<Code, Standing>();
  #lastMs = Number.NaN;

  constructor(rules: DiagnosisRules<Code>) {
    this.#rules = rules;
  }

  get diagnoses(): readonly DeviceDiagnosis[] {
    return this.#rules.codes.flatMap((code) => this.#standing.get(code)?.diagnosis ?? []);
  }

  update(verdicts: ReadonlyMap<Code, DiagnosisVerdict>, now: DiagnosisTime): readonly DiagnosisNews[] {
    const { nowMs, monotonicMs } = now;
    const { codes, plain } = this.#rules;
    const standing = this.#standing;
    for (const each of standing.values()) followClock(each, now);
    const passedMs = monotonicMs - this.#lastMs || 0;
    this.#lastMs = monotonicMs;
    const news: DiagnosisNews[] = [];
    for (const code of codes) {
      const verdict = verdicts.get(code);
      const before = standing.get(code);
      if (verdict === undefined) {
        // Its time stands still while nothing can be said.
        if (before !== undefined) before.seenMonotonicMs += passedMs;
      } else if (verdict !== null) {
        const text = verdict.text.slice(0, maxDiagnosisText);
        const diagnosis = { ...verdict, code, text, sinceMs: before?.diagnosis.sinceMs ?? nowMs };
        const { first, beganMonotonicMs } = before ?? { first: diagnosis, beganMonotonicMs: monotonicMs };
        standing.set(code, { first, diagnosis, beganMonotonicMs, seenMonotonicMs: monotonicMs });
        if (before === undefined) news.push({ kind: "onset", diagnosis });
      } else if (before !== undefined) {
        if (!plain.includes(code) && monotonicMs - before.seenMonotonicMs < lingerMs) continue;
        standing.delete(code);
        news.push({ kind: "over", diagnosis: before.first });
      }
    }
    return news;
  }
}

/** What began before the clock was set began as long ago as before; by less than a minute a clock is led, not set. */
function followClock(standing: Standing, { nowMs, monotonicMs }: DiagnosisTime): void {
  const { diagnosis, beganMonotonicMs } = standing;
  const sinceMs = Math.max(0, nowMs - (monotonicMs - beganMonotonicMs));
  if (Math.abs(sinceMs - diagnosis.sinceMs) >= minuteMs) standing.diagnosis = { ...diagnosis, sinceMs };
}
