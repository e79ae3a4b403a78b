/** Takes what a thread of points tells, and gives it on as the chain itself would have. Counts which bundles the thread has. */
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import type { PresenceSnapshot } from "../../core/serving/point-presence.ts";
import type { ChainBatch, ChainBundle } from "./chain-messages.ts";
import type { ChainPoint, ChainSink } from "./signal-chain.ts";
import { createWindowRowsReader } from "./window-rows.ts";

/** Bundles that a thread cuts windows for: each is retained until the thread has no window of it any more. */
interface LentBundles {
  /** From now on this one serves its name. */
  lend(bundle: LoadedBundle): ChainBundle;
  find(number: number): LoadedBundle;
  giveBack(number: number): void;
  /** What serves now. */
  readonly serving: readonly ChainBundle[];
  /** The highest number. */
  readonly last: number;
  /** No thread knows any other: gives all back but what serves. */
  giveBackFormer(): void;
  close(): void;
}

/** Creates it with none lent. */
export function createLentBundles(): LentBundles {
  const lent = new Map<number, LoadedBundle>();
  const serving = new Map<string, ChainBundle>();
  let next = 0;
  const giveBack = (number: number): void => {
    lent.get(number)?.release();
    lent.delete(number);
  };
  const giveBackBut = (kept: ReadonlySet<number>): void => {
    for (const number of [...lent.keys()]) if (!kept.has(number)) giveBack(number);
  };
  return {
    lend: (bundle) => {
      // A number is never used again: what is still told of an earlier one is of that one.
      const number = next++;
      bundle.retain();
      lent.set(number, bundle);
      const chainBundle = { number, manifest: bundle.manifest };
      serving.set(bundle.ref.name, chainBundle);
      return chainBundle;
    },
    find: (number) => {
      const bundle = lent.get(number);
      if (bundle === undefined) throw new Error(`no bundle ${number} is lent`);
      return bundle;
    },
    giveBack,
    get serving() {
      return [...serving.values()];
    },
    get last() {
      return next - 1;
    },
    giveBackFormer: () => giveBackBut(new Set([...serving.values()].map(({ number }) => number))),
    close: () => giveBackBut(new Set()),
  };
}

interface TellingTaker {
  readonly points: readonly ChainPoint[];
  readonly bundles: Pick<LentBundles, "find" | "giveBack">;
  readonly sink: ChainSink<LoadedBundle>;
  onHeard(heard: readonly PresenceSnapshot[]): void;
  onMark(mark: number): void;
  onRelieved(): void;
}

/** Takes a batch in its order. */
export function takeBatch({ tellings, windows }: ChainBatch, taker: TellingTaker): void {
  const { sink, bundles } = taker;
  const readWindow = createWindowRowsReader(windows, taker.points);
  for (const telling of tellings) {
    switch (telling.type) {
      case "windows":
        for (let left = telling.count; left > 0; left--) {
          const { point, bundle, window, operatingState, powerKw } = readWindow();
          sink.window(point, { window, bundle: bundles.find(bundle), operatingState, powerKw });
        }
        break;
      case "missing":
        sink.missing(telling.point, telling.fromMs, telling.toMs);
        break;
      case "silence":
        sink.silence(telling.point, telling.silence);
        break;
      case "set-aside":
        sink.setAside(telling.quarantine, telling.turbine, telling.windows);
        break;
      case "schema-drift":
        sink.schemaDrift(telling.drift);
        break;
      case "released":
        bundles.giveBack(telling.bundle);
        break;
      case "heard":
        taker.onHeard(telling.heard);
        break;
      case "mark":
        taker.onMark(telling.mark);
        break;
      case "relieved":
        taker.onRelieved();
        break;
    }
  }
}
