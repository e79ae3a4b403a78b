/** Work that waits, held against two marks: at the high one whoever brings more is stopped, at the low one let go on. */

export interface WorkGaugeWatcher {
  onHigh(): void;
  onLow(): void;
}

export interface WorkGauge {
  /** A piece of work came … */
  begin(): void;
  /** … and is done, well or not. */
  end(): void;
  readonly waiting: number;
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
  return {
    begin: () => {
      waiting++;
      if (isHigh || waiting < marks.high) return;
      isHigh = true;
      watcher?.onHigh();
    },
    end: () => {
      waiting--;
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
    moved: () => (waiting === 0 ? Promise.resolve() : new Promise<void>((resolve) => onMoved.push(resolve))),
    watch: (next) => {
      watcher = next;
    },
  };
}
