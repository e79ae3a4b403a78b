/** Work that waits, held against two marks: at the high one whoever brings more is stopped, at the low one let go on. */
import type { WaitingWindow } from "../../core/serving/window-decider.ts";
import type { OpenWindows } from "../../core/window/window-sink.ts";

interface WorkGaugeWatcher {
  onHigh(): void;
  onLow(): void;
}

export interface WorkGauge {
  /** A piece of work came; of a window it is known what a kill would lose with it … */
  begin(window?: WaitingWindow): void;
  /** … and is done, well or not. */
  end(window?: WaitingWindow): void;
  readonly waiting: number;
  /** Asks, too, what else a kill would lose: samples that wait to be cut, and windows that are open. */
  join(source: () => OpenWindows | null): void;
  /** Windows that wait or are open, and what they and all that joined cover together; null: nothing. */
  readonly held: OpenWindows | null;
  /** Resolves when the next piece that waits is done; at once where none waits. */
  moved(): Promise<void>;
  /** Whom to tell from now on; one at a time. */
  watch(watcher: WorkGaugeWatcher): void;
}

/** The marks of a gateway: half of what a bundle takes at once (`maxWaitingRows` of `batcher.ts`), which is refused and counted beyond. */
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
  const joined: (() => OpenWindows | null)[] = [];
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
      let fromMs = Number.POSITIVE_INFINITY;
      let toMs = Number.NEGATIVE_INFINITY;
      let open = 0;
      const cover = (span: WaitingWindow): void => {
        if (span.fromMs < fromMs) fromMs = span.fromMs;
        if (span.toMs > toMs) toMs = span.toMs;
      };
      for (const window of windows) cover(window);
      for (const source of joined) {
        const span = source();
        if (span === null) continue;
        cover(span);
        open += span.windows;
      }
      return fromMs === Number.POSITIVE_INFINITY ? null : { windows: windows.size + open, fromMs, toMs };
    },
    join: (source) => {
      joined.push(source);
    },
    moved: () => (waiting === 0 ? Promise.resolve() : new Promise<void>((resolve) => onMoved.push(resolve))),
    watch: (next) => {
      watcher = next;
    },
  };
}
