/** Which diagnoses of a device hold, since when, and what is news: each is told when it begins and when it is over. */
import {
  type DeviceDiagnosis,
  type DiagnosisCode,
  diagnosisCodes,
  maxDiagnosisText,
} from "../../core/contract/device/device-diagnosis.ts";
import { minuteMs } from "../../core/maths/durations.ts";
import type { Verdict } from "./device-facts.ts";

export interface DiagnosisNews {
  readonly kind: "onset" | "over";
  readonly diagnosis: DeviceDiagnosis;
}

export interface DiagnosisLedger {
  /** Takes what was found now; returns what is news, in the order of the codes. */
  update(
    verdicts: ReadonlyMap<DiagnosisCode, Verdict>,
    now: { readonly nowMs: number; readonly monotonicMs: number },
  ): readonly DiagnosisNews[];
  /** Worst first. */
  readonly diagnoses: readonly DeviceDiagnosis[];
}

/** What holds at a border comes and goes: it is over when nothing of it was seen for so long. */
const lingerMs = minuteMs;
/** These are plain facts, and over when they are. */
const plain: ReadonlySet<DiagnosisCode> = new Set(["no-contact", "refused", "wrong-channel", "clock"]);

/** Creates the ledger of a device that nothing is wrong with. */
export function createDiagnosisLedger(): DiagnosisLedger {
  /** `first` is what was told: whoever reads that it is over finds its beginning by the words. */
  const standing = new Map<
    DiagnosisCode,
    { readonly first: DeviceDiagnosis; diagnosis: DeviceDiagnosis; seenMonotonicMs: number }
  >();

  return {
    update: (verdicts, { nowMs, monotonicMs }) => {
      const news: DiagnosisNews[] = [];
      for (const code of diagnosisCodes) {
        const verdict = verdicts.get(code);
        const before = standing.get(code);
        if (verdict === undefined) {
          // Its time stands still while nothing can be said.
          if (before !== undefined) before.seenMonotonicMs = monotonicMs;
        } else if (verdict !== null) {
          const text = verdict.text.slice(0, maxDiagnosisText);
          const diagnosis = { code, text, cure: verdict.cure, sinceMs: before?.diagnosis.sinceMs ?? nowMs };
          standing.set(code, { first: before?.first ?? diagnosis, diagnosis, seenMonotonicMs: monotonicMs });
          if (before === undefined) news.push({ kind: "onset", diagnosis });
        } else if (before !== undefined) {
          if (!plain.has(code) && monotonicMs - before.seenMonotonicMs < lingerMs) continue;
          standing.delete(code);
          news.push({ kind: "over", diagnosis: before.first });
        }
      }
      return news;
    },
    get diagnoses() {
      return diagnosisCodes.flatMap((code) => standing.get(code)?.diagnosis ?? []);
    },
  };
}
