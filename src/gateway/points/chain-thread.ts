/**
 * The signal chain of some points in a thread of its own. What goes there goes through memory that both see, what comes back are
 * windows: the main thread scores and decides them, and keeps everything that must outlive the thread. One that ends is begun
 * again: its points go on as they were heard last, and what it had not taken is declared.
 */
import type { Worker } from "node:worker_threads";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import type { HelloMessage } from "../../core/contract/device/device-message.ts";
import type { SampleBlock } from "../../core/contract/stream.ts";
import type { Clock, ClockMoment } from "../../core/platform/clock.ts";
import { type BegunWorker, keepWorker } from "../../core/platform/daemon/keep-worker.ts";
import { openThread } from "../../core/platform/daemon/open-thread.ts";
import type { LogFields, Logger } from "../../core/platform/logger.ts";
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import { noteArrival, type PresenceSnapshot } from "../../core/serving/point-presence.ts";
import type { OpenWindows } from "../../core/window/window-sink.ts";
import { createRingMemory, createRingWriter } from "./block-ring.ts";
import type { ChainBatch, ChainOrder, ChainStart } from "./chain-messages.ts";
import { noneTold, takeRemains } from "./chain-remains.ts";
import { createLentBundles, takeBatch } from "./chain-tellings.ts";
import { createKnownStreams } from "./known-streams.ts";
import type { LatestReadings, ToldReading } from "./latest-readings.ts";
import type { ChainPoint, ChainSink, SignalChain } from "./signal-chain.ts";
import { createUntoldSpan } from "./untold-span.ts";
import type { WorkGauge } from "./work-gauge.ts";

interface ChainThreadOptions {
  /** Counted from 1. */
  readonly number: number;
  readonly points: readonly ChainPoint[];
  /** What serves under a name at the start. */
  readonly bundleOf: (name: string) => LoadedBundle;
  readonly operation: GatewayConfig["operation"];
  readonly readings: Pick<LatestReadings, "all">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sink: ChainSink<LoadedBundle>;
  /** Knows what a kill of all would lose. */
  readonly load: Pick<WorkGauge, "join">;
  /** A kill would lose more than before. */
  onGiven(): void;
  /** More waits than should: whoever sends is to wait until `onLow`. */
  onHigh(): void;
  onLow(): void;
  /** Samples of this time were on their way to it, or in windows that were open in it, when it ended. */
  onLost(span: OpenWindows): void;
  /** So many samples of this time found no room in its memory. */
  onOverload(span: OpenWindows, samples: number): void;
  /** The thread ended unasked; so many samples are lost. */
  onEnded(lostSamples: number): void;
  /** Begins the thread; default: as a program of ours is begun. */
  readonly begin?: ((start: ChainStart) => Worker) | undefined;
}

/** Points whose windows are cut in another thread. */
export interface ChainThread extends Pick<SignalChain<LoadedBundle>, "renew"> {
  readonly points: readonly ChainPoint[];
  /** Not from its end until it is begun again. */
  readonly isRunning: boolean;
  announce(hello: HelloMessage): void;
  /** `block.counts` are valid only during the call. */
  accept(block: SampleBlock): void;
  /** A good reading of a turbine. */
  acceptReading(reading: ToldReading): void;
  use(bundle: LoadedBundle): void;
  tick(): void;
  /** Resolves when what came of everything accepted has been told. */
  idle(): Promise<void>;
  /** Resolves when the thread has taken what it was given and ended, and the windows that were open are declared. */
  close(): Promise<void>;
}

/**
 * Bytes that may wait before whoever sends is stopped, and those at which they go on: so much that each thread works for a while
 * before another takes its core, and enough left to last while the main thread reads for another worker.
 */
const marks = { high: 3 << 22, low: 3 << 20 } as const;
/** There is room for as much more of each device, which may be on its way: what one reads at once, and frames told beforehand. */
const roomPerDevice = 1 << 17;
const maxMemoryBytes = 1 << 28;
/** A thread that takes nothing of what waits for so many ticks hangs, and is ended, which may take it a while. */
const stuckTicks = 30;
const stopMs = 1_000;
/** What finds no room is declared once in so many ticks. */
const refusedTicks = 60;
/** What is allocated dies at once, as everywhere in a gateway. One that holds much more than its points need ends (ADR 59). */
export const chainThreadLimits = { maxYoungGenerationSizeMb: 6, maxOldGenerationSizeMb: 256 };

/** Begins the thread. */
export function createChainThread(options: ChainThreadOptions): ChainThread {
  const { number, points, clock, logger, sink, begin = beginThread } = options;
  const memory = createRingMemory(chooseMemoryBytes(points));
  const ring = createRingWriter(memory);
  const bundles = createLentBundles();
  for (const name of new Set(points.map(({ config }) => config.bundle))) bundles.lend(options.bundleOf(name));
  const streams = createKnownStreams();
  const untold = createUntoldSpan();
  options.load.join(() => untold.span);
  /** What found no room and is not declared yet. */
  const refused = { time: createUntoldSpan(), samples: 0, ticks: 0 };
  options.load.join(() => refused.time.span);
  const waitingMarks = new Map<number, () => void>();
  /** What found no room; nothing overtakes it. */
  let backlog: ChainOrder[] = [];
  let heard: readonly (PresenceSnapshot | undefined)[] = [];
  /** What the thread that runs has told last. */
  let told: Pick<ChainBatch, "takenBytes" | "openOfPoint"> = noneTold(points.length);
  let marked = 0;
  let isHigh = false;
  let isClosing = false;
  let thread: Worker | null = null;
  let taken = { bytes: 0, ticks: 0 };

  const readMoment = (): ClockMoment => ({ nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() });
  const flush = (): boolean => {
    while (backlog.length > 0) {
      if (!ring.writeMessage(backlog[0])) return false;
      backlog.shift();
    }
    return true;
  };
  const order = (message: ChainOrder): void => {
    backlog.push(message);
    flush();
  };
  const relieve = (): void => {
    if (isHigh) options.onLow();
    isHigh = false;
  };
  const answer = (mark: number): void => {
    waitingMarks.get(mark)?.();
    waitingMarks.delete(mark);
  };
  const taker = {
    points,
    bundles,
    sink,
    onHeard: (now: readonly PresenceSnapshot[]) => {
      heard = now;
    },
    onMark: answer,
    onRelieved: relieve,
  };

  function refuse(block: SampleBlock): void {
    const { deviceId, channel, timestampMs, counts } = block;
    refused.samples += counts.length;
    if (refused.time.give(block)) options.onGiven();
    const detail = `${ring.usedBytes} bytes wait already to be taken by worker ${number}`;
    const what = { reason: "overload" as const, deviceId, channel, timestampMs, detail };
    for (const { id, config } of points)
      if (config.device === deviceId && config.channel === channel)
        sink.setAside({ ...what, samples: counts.length }, id.turbine, 0);
  }

  function declareRefused(): void {
    const { span } = refused.time;
    if (span !== null) options.onOverload(span, refused.samples);
    refused.time.clear();
    refused.samples = 0;
    refused.ticks = 0;
  }

  /** Nothing is left of an ended thread; what it was given and did not tell is declared. */
  function clear(): void {
    const remains = takeRemains(ring, backlog, told.takenBytes);
    for (const mark of remains.marks) answer(mark);
    backlog = [...remains.hellos];
    const left = remains.samples;
    heard = points.map(({ id, config }, index) => {
      const { device: deviceId, channel } = config;
      const stream = streams.find(deviceId, channel);
      const samples = stream === undefined ? 0 : (left.get(stream.number) ?? 0);
      // An end that was wanted is no bad data.
      const open = isClosing ? 0 : told.openOfPoint[index]!;
      const detail = `worker ${number} ended with what it had of ${id.turbine}/${id.component}`;
      const gap = { reason: "gap" as const, deviceId, channel, timestampMs: clock.nowMs(), detail };
      if (samples > 0 || open > 0) sink.setAside({ ...gap, samples }, id.turbine, open > 0 ? 1 : 0);
      for (let window = 1; window < open; window++) sink.setAside({ ...gap, samples: 0 }, id.turbine, 1);
      return stream === undefined ? heard[index] : noteArrival(heard[index], stream);
    });
    told = noneTold(points.length);
    streams.forget();
    relieve();
    const lostSamples = [...left.values()].reduce((sum, samples) => sum + samples, 0);
    const { span } = untold;
    untold.clear();
    // How many windows would have come of samples that were not taken, nobody knows.
    if (span !== null) options.onLost(lostSamples === 0 ? span : { ...span, windows: 0 });
    if (!isClosing) options.onEnded(lostSamples);
  }

  function beginNext(): BegunWorker {
    bundles.giveBackFormer();
    const worker = begin({
      memory,
      lowBytes: marks.low,
      points: points.map(({ id, config }, index) => ({ id, config, heard: heard[index] })),
      bundles: bundles.serving,
      lastBundle: bundles.last,
      readings: options.readings.all,
      operation: options.operation,
      moment: readMoment(),
    });
    thread = worker;
    taken = { bytes: ring.readBytes, ticks: 0 };
    let why: LogFields = {};
    worker.on("message", (batch: ChainBatch) => {
      takeBatch(batch, taker);
      told = batch;
      untold.told(batch.takenBytes, ring.writtenBytes, batch.open);
    });
    worker.once("error", (error) => {
      why = { error };
    });
    const ended = new Promise<LogFields>((resolve) =>
      worker.once("exit", (code) => {
        thread = null;
        resolve({ code, ...why });
      }),
    );
    return { ended, stop: () => order({ type: "close" }), kill: () => void worker.terminate() };
  }
  const kept = keepWorker({
    begin: beginNext,
    onEnd: clear,
    message: "a worker ended; it is begun again, and its points go on from what was known of them",
    fields: { worker: number },
    stopMs,
    logger,
  });

  function endIfStuck(): void {
    const bytes = ring.readBytes;
    if (thread === null || ring.usedBytes === 0 || bytes !== taken.bytes) {
      taken = { bytes, ticks: 0 };
      return;
    }
    taken = { bytes, ticks: taken.ticks + 1 };
    if (taken.ticks !== stuckTicks) return;
    logger.error("a worker takes nothing any more and is ended", { worker: number, waiting: ring.usedBytes });
    void thread.terminate();
  }

  return {
    points,
    get isRunning() {
      return thread !== null;
    },
    announce: ({ deviceId, channels }) =>
      order({ type: "hello", hello: { deviceId, channels }, moment: readMoment() }),
    accept: (block) => {
      const { stream, isNew } = streams.know(block);
      const { deviceId, channel, unit } = block;
      if (isNew) order({ type: "stream", number: stream.number, stream: { deviceId, channel, unit } });
      const isGiven = flush() && ring.writeBlock(stream, block);
      stream.refused = isGiven ? 0 : stream.refused + block.counts.length;
      if (!isGiven) refuse(block);
      else if (untold.give(block)) options.onGiven();
      if (isHigh || !ring.holds(marks.high)) return;
      isHigh = true;
      options.onHigh();
      ring.press();
    },
    acceptReading: (reading) => {
      // The next one says more.
      if (flush()) order({ type: "reading", reading });
    },
    use: (bundle) => order({ type: "use", bundle: bundles.lend(bundle) }),
    renew: (point) => order({ type: "renew", point }),
    tick: () => {
      if (refused.samples > 0 && ++refused.ticks >= refusedTicks) declareRefused();
      endIfStuck();
      if (flush()) order({ type: "tick", moment: readMoment() });
    },
    idle: () =>
      new Promise((resolve) => {
        const mark = marked++;
        waitingMarks.set(mark, resolve);
        order({ type: "mark", mark });
      }),
    close: async () => {
      isClosing = true;
      await kept.close();
      clear();
      declareRefused();
      bundles.close();
    },
  };
}

function beginThread(workerData: ChainStart): Worker {
  return openThread("chain-main", import.meta.url, { workerData, resourceLimits: chainThreadLimits });
}

function chooseMemoryBytes(points: readonly ChainPoint[]): number {
  const devices = new Set(points.map(({ config }) => config.device)).size;
  const wanted = marks.high + devices * roomPerDevice;
  return Math.min(maxMemoryBytes, 2 ** Math.ceil(Math.log2(wanted)));
}
