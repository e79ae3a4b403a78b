/** Work that waits, held against two marks: at the high one whoever brings more is stopped, at the low one let go on. */
import type { WaitingWindow } from "../../core/serving/window-decider.ts";

export interface WorkGaugeWatcher {
  onHigh(): void;
  onLow(): void;
}

export interface WorkGauge {
  /** A piece of work came; of a window it is known what a kill would lose with it … */
  begin(window?: WaitingWindow): void;
  /** … and is done, well or not. */
  end(window?: WaitingWindow): void;
  readonly waiting: number;
  /** Windows that wait, and what they cover together; null: none. */
  readonly held: (WaitingWindow & { readonly windows: number }) | null;
  /** Resolves when the next piece that waits is done; at once where none waits. */
  moved(): Promise<void>;
  /** Whom to tell from now on; one at a time. */
  watch(watcher: WorkGaugeWatcher): void;
}

/** The marks of a gateway: half of what a model takes at once (`maxWaitingRows`), which is refused and counted beyond. */
const workMarks = { high: 4_096, low: 1_024 } as const;

/** Creates a gauge without work. `low` < `high`. */
export function createWorkGauge(
  marks: { readonly high: number; readonly low: number } = workMarks,
): WorkGauge {
  let waiting = 0;
  let isHigh = false;
  let watcher: WorkGaugeWatcher | null = null;
  let onMoved: (() => void)[] = [];
  const windows = new Set<WaitingWindow>();
  return {
    begin: (window) => {
      waiting++;
      if (window !== undefined) windows.add(window);
      if (isHigh || waiting < marks.high) return;
      isHigh = true;
      watcher?.onHigh();
    },
    end: (window) => {
      waiting--;
      if (window !== undefined) windows.delete(window);
      if (onMoved.length > 0) {
        for (const tell of onMoved) tell();
        onMoved = [];
      }
      if (!isHigh || waiting > marks.low) return;
      isHigh = false;
      watcher?.onLow();
    },
    get waiting() {
      return waiting;
    },
    get held() {
      if (windows.size === 0) return null;
      let fromMs = Number.POSITIVE_INFINITY;
      let toMs = Number.NEGATIVE_INFINITY;
      for (const window of windows) {
        if (window.fromMs < fromMs) fromMs = window.fromMs;
        if (window.toMs > toMs) toMs = window.toMs;
      }
      return { windows: windows.size, fromMs, toMs };
    },
    moved: () => (waiting === 0 ? Promise.resolve() : new Promise<void>((resolve) => onMoved.push(resolve))),
    watch: (next) => {
      watcher = next;
    },
  };
}
