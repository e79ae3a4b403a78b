/** Takes what a thread of points tells, and gives it on as the chain itself would have. Counts which bundles the thread has. */
import type { FeatureWindow } from "../../core/contract/stream.ts";
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import type { PresenceSnapshot } from "../../core/serving/point-presence.ts";
import type { ChainBatch, ChainBundle, TellWindow } from "./chain-messages.ts";
import type { ChainPoint, ChainSink } from "./signal-chain.ts";

/** Bundles that a thread cuts windows for: each is retained until the thread has no window of it any more. */
export interface LentBundles {
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

export interface TellingTaker {
  readonly points: readonly ChainPoint[];
  readonly bundles: Pick<LentBundles, "find" | "giveBack">;
  readonly sink: ChainSink<LoadedBundle>;
  onHeard(heard: readonly PresenceSnapshot[]): void;
  onMark(mark: number): void;
  onRelieved(): void;
}

/** Takes a batch in its order. */
export function takeBatch({ tellings, numbers }: ChainBatch, taker: TellingTaker): void {
  const { sink, bundles } = taker;
  let at = 0;
  const next = (length: number): Float32Array | undefined => {
    if (length < 0) return undefined;
    at += length;
    return numbers.slice(at - length, at);
  };
  for (const telling of tellings) {
    switch (telling.type) {
      case "window": {
        const { lengths, bundle, point, operatingState, powerKw } = telling;
        const [features, upperFeatures, levels] = lengths.map(next);
        const window = readWindow(telling, taker.points[point]!, {
          features: features!,
          ...(upperFeatures === undefined ? {} : { upperFeatures }),
          ...(levels === undefined ? {} : { levels }),
        });
        sink.window(point, { window, bundle: bundles.find(bundle), operatingState, powerKw });
        break;
      }
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

function readWindow(
  { id, fromMs, toMs, shaftRpm, humLines, upperHumLines, arrivedMonotonicMs }: TellWindow,
  { id: point }: ChainPoint,
  values: Pick<FeatureWindow, "features" | "upperFeatures" | "levels">,
): FeatureWindow {
  const hum = {
    ...(humLines === undefined ? {} : { humLines }),
    ...(upperHumLines === undefined ? {} : { upperHumLines }),
  };
  return { point, id, fromMs, toMs, shaftRpm, ...values, ...hum, arrivedMonotonicMs };
}
