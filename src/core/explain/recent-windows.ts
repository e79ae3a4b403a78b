/**
 * The windows that a measuring point saw last, as far as physical evidence reads them: a ring of fixed size, which keeps
 * what it is given and copies nothing. Decides nothing.
 */
import type { EvidenceWindow } from "./physical-evidence.ts";

/** A window with what the model said of it. */
export interface RecentWindow extends EvidenceWindow {
  /** Epoch ms of its last sample. */
  readonly toMs: number;
  /** One an output. */
  readonly logits: ArrayLike<number>;
}

/** The last windows of one point, all of one model. */
export interface RecentWindows {
  note(window: RecentWindow): void;
  /** Another model serves: what was noted has other features. */
  clear(): void;
  /**
   * The windows after `sinceMs` that spoke for `output`, oldest first: those in which no other output had a higher logit.
   * Where none did, all after `sinceMs`; where there are none, the last.
   */
  listSpeaking(alarm: { readonly output: number; readonly sinceMs: number }): readonly RecentWindow[];
}

/** The mean of a line over so many windows is known within half a decibel. */
const keptWindows = 60;

/** Creates an empty ring. */
export function createRecentWindows(capacity: number = keptWindows): RecentWindows {
  let kept: RecentWindow[] = [];
  let next = 0;
  const listInOrder = (): RecentWindow[] => [...kept.slice(next), ...kept.slice(0, next)];
  return {
    note: (window) => {
      kept[next] = window;
      next = (next + 1) % capacity;
    },
    clear: () => {
      kept = [];
      next = 0;
    },
    listSpeaking: ({ output, sinceMs }) => {
      const all = listInOrder();
      const since = all.filter(({ toMs }) => toMs > sinceMs);
      const leading = since.filter(({ logits }) => leads(logits, output));
      if (leading.length > 0) return leading;
      return since.length > 0 ? since : all.slice(-1);
    },
  };
}

function leads(logits: ArrayLike<number>, output: number): boolean {
  for (let other = 0; other < logits.length; other++) {
    if (logits[other]! > logits[output]!) return false;
  }
  return output < logits.length;
}
