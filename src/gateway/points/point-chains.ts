/**
 * The signal chains of all points of a gateway: one in the main thread, and one in each worker, by device, so that a point's
 * windows come in their order. Points of devices that send scores stay in the main thread.
 */
import type { Worker } from "node:worker_threads";
import type { HelloMessage } from "../../core/contract/device/device-message.ts";
import type { SampleBlock } from "../../core/contract/stream.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import type { OpenWindows } from "../../core/window/window-sink.ts";
import type { ChainStart } from "./chain-messages.ts";
import { type ChainThread, createChainThread } from "./chain-thread.ts";
import { createHomeChain, type HomeChain } from "./home-chain.ts";
import type { LatestReadings, ToldReading } from "./latest-readings.ts";
import type { ChainSink, SignalChain, SignalChainOptions } from "./signal-chain.ts";
import type { WorkGauge } from "./work-gauge.ts";

/** Whom to stop while a worker has too much to do. */
export interface PressureWatcher {
  onHigh(devices: readonly string[]): void;
  /** In the order in which they are to go on. */
  onLow(devices: readonly string[]): void;
}

/** How the workers are. */
export interface WorkerCounts {
  /** Now: not those that have ended and wait to be begun again. */
  readonly running: number;
  /** Workers that ended unasked since the start; each is begun again. */
  readonly ended: number;
  /** Samples that these had not taken. */
  readonly lostSamples: number;
}

export interface PointChainsOptions extends Omit<SignalChainOptions<LoadedBundle>, "readings"> {
  readonly readings: LatestReadings;
  /** The worker, from 0, of each device that has one. */
  readonly shares: ReadonlyMap<string, number>;
  /** Knows what a kill would lose. */
  readonly load: Pick<WorkGauge, "join">;
  readonly logger: Logger;
  /** A kill would lose more than before: samples that a worker has not told of, or that are in windows which are open. */
  onGiven(): void;
  /** Samples of this time, and windows that were open in it, went with a worker that ended, or at the end of all. */
  onLost(span: OpenWindows): void;
  /** So many samples of this time found no room in the memory of their worker. */
  onOverload(span: OpenWindows, samples: number): void;
  onWorkerEnded(worker: number, lostSamples: number): void;
  /** For tests that end a worker. */
  readonly beginWorker?: ((start: ChainStart) => Worker) | undefined;
}

interface PointChains
  extends Pick<SignalChain<LoadedBundle>, "accept" | "use" | "renew" | "tick" | "pointsOf"> {
  announce(hello: HelloMessage): void;
  /** A good reading of a turbine. */
  acceptReading(reading: ToldReading): void;
  readonly workers: WorkerCounts;
  /** Whom to tell from now on, and at once of those that are to stop already; one at a time. */
  watchPressure(watcher: PressureWatcher): void;
  /** Resolves when everything that was accepted is cut. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** Creates the chains, and begins the workers. */
export function createPointChains(options: PointChainsOptions): PointChains {
  const { points, shares, sink } = options;
  const counts = { ended: 0, lostSamples: 0 };
  let watcher: PressureWatcher = { onHigh: () => {}, onLow: () => {} };
  /** The devices of each worker that has too much to do now. */
  const pressed = new Map<number, readonly string[]>();
  const placesOf = (worker: number | undefined): readonly number[] =>
    points.flatMap(({ config }, index) => (shares.get(config.device) === worker ? [index] : []));
  const home = createHome(placesOf(undefined));

  function createHome(places: readonly number[]): HomeChain {
    return createHomeChain({
      ...options,
      points: places.map((place) => points[place]!),
      sink: shiftPoints(sink, places),
    });
  }
  function createWorker(worker: number): ChainThread {
    const places = placesOf(worker);
    const devices = [...shares].flatMap(([device, share]) => (share === worker ? [device] : []));
    let first = 0;
    return createChainThread({
      ...options,
      number: worker + 1,
      points: places.map((place) => points[place]!),
      sink: shiftPoints(sink, places),
      begin: options.beginWorker,
      onHigh: () => {
        pressed.set(worker, devices);
        watcher.onHigh(devices);
      },
      // Who is let go first is read first, and may fill the memory alone: each time it is another one.
      onLow: () => {
        pressed.delete(worker);
        first = (first + 1) % devices.length;
        watcher.onLow(devices.slice(first).concat(devices.slice(0, first)));
      },
      onEnded: (lostSamples) => {
        counts.ended++;
        counts.lostSamples += lostSamples;
        options.onWorkerEnded(worker + 1, lostSamples);
      },
    });
  }

  const threads = Array.from({ length: Math.max(-1, ...shares.values()) + 1 }, (_, worker) =>
    createWorker(worker),
  );
  const threadOf = new Map([...shares].map(([device, worker]) => [device, threads[worker]!]));
  const partOf = (deviceId: string): Pick<ChainThread, "announce" | "accept"> =>
    threadOf.get(deviceId) ?? home;
  const turbines = threads.map(({ points: own }) => new Set(own.map(({ id }) => id.turbine)));
  return {
    announce: (hello) => partOf(hello.deviceId).announce(hello),
    accept: threads.length === 0 ? home.accept : (block: SampleBlock) => partOf(block.deviceId).accept(block),
    acceptReading: (reading) => {
      for (const [index, thread] of threads.entries())
        if (turbines[index]!.has(reading.deviceId)) thread.acceptReading(reading);
    },
    use: (bundle) => {
      home.use(bundle);
      for (const thread of threads)
        if (thread.points.some(({ config }) => config.bundle === bundle.ref.name)) thread.use(bundle);
    },
    renew: (point) => {
      const worker = shares.get(points[point]!.config.device);
      const place = placesOf(worker).indexOf(point);
      if (worker === undefined) home.renew(place);
      else threads[worker]!.renew(place);
    },
    tick: () => {
      home.tick();
      for (const thread of threads) thread.tick();
    },
    pointsOf: home.pointsOf,
    workers: {
      get running() {
        return threads.filter(({ isRunning }) => isRunning).length;
      },
      get ended() {
        return counts.ended;
      },
      get lostSamples() {
        return counts.lostSamples;
      },
    },
    watchPressure: (next) => {
      watcher = next;
      for (const devices of pressed.values()) next.onHigh(devices);
    },
    idle: async () => {
      await Promise.all(threads.map((thread) => thread.idle()));
    },
    close: async () => {
      home.close();
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

/** A part knows its points by their places in its own list. */
function shiftPoints(sink: ChainSink<LoadedBundle>, places: readonly number[]): ChainSink<LoadedBundle> {
  return {
    ...sink,
    window: (point, due) => sink.window(places[point]!, due),
    missing: (point, fromMs, toMs) => sink.missing(places[point]!, fromMs, toMs),
    silence: (point, silence) => sink.silence(places[point]!, silence),
  };
}
