/** The signal chain in the main thread, and what a kill would lose of the windows that are open in it. */
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import type { OpenWindows } from "../../core/window/window-sink.ts";
import { createSignalChain, type SignalChain, type SignalChainOptions } from "./signal-chain.ts";
import { createUntoldSpan } from "./untold-span.ts";
import type { WorkGauge } from "./work-gauge.ts";

interface HomeChainOptions extends SignalChainOptions<LoadedBundle> {
  /** Knows what a kill would lose. */
  readonly load: Pick<WorkGauge, "join">;
  /** A kill would lose more than before. */
  onGiven(): void;
  /** The chain ended with windows open. */
  onLost(open: OpenWindows): void;
}

export type HomeChain = Omit<SignalChain<LoadedBundle>, "heard" | "findOpen">;

/** Creates it. Which windows are open is looked up once one has ended or a second is over: a block costs two comparisons. */
export function createHomeChain(options: HomeChainOptions): HomeChain {
  const { sink, load, onGiven, onLost } = options;
  const untold = createUntoldSpan();
  let isOld = false;
  const chain = createSignalChain({
    ...options,
    sink: {
      ...sink,
      window: (point, due) => {
        isOld = true;
        sink.window(point, due);
      },
    },
  });
  load.join(() => {
    // What was given has been taken.
    if (isOld) untold.told(0, 0, chain.findOpen());
    isOld = false;
    return untold.span;
  });
  return {
    announce: chain.announce,
    accept: (block) => {
      chain.accept(block);
      if (untold.give(block)) onGiven();
    },
    use: chain.use,
    renew: chain.renew,
    tick: () => {
      chain.tick();
      isOld = true;
    },
    pointsOf: chain.pointsOf,
    close: () => {
      const open = chain.findOpen();
      chain.close();
      isOld = true;
      if (open !== null) onLost(open);
    },
  };
}
