/**
 * The thread of some points of a gateway: takes blocks and orders out of shared memory, and tells what came of them. Reads no
 * clock, no file and no network: what it tells follows from what it is given. It ends when it is told to close.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { Reused, SampleBlock } from "../../core/contract/stream.ts";
import type { Clock, ClockMoment } from "../../core/platform/clock.ts";
import type { DueWindow } from "../../core/serving/measuring-point.ts";
import type { WindowBundle } from "../../core/serving/spec-cutter.ts";
import { type BlockStream, createRingReader } from "./block-ring.ts";
import type { ChainBatch, ChainBundle, ChainOrder, ChainStart, ChainTelling } from "./chain-messages.ts";
import { createLatestReadings } from "./latest-readings.ts";
import { createSignalChain, type SignalChain } from "./signal-chain.ts";
import { createWindowRowsWriter } from "./window-rows.ts";

/** Windows that are told together, at most … */
const maxBatch = 24;
/** … and what has been taken meanwhile. */
const maxUnsettledBytes = 1 << 19;

/** A bundle that windows are cut for; tells once when it serves no more and its last window ended. */
interface CountedBundle extends WindowBundle {
  readonly number: number;
  /** Another one serves in its place. */
  supersede(): void;
}

function createCountedBundle(
  { number, manifest }: ChainBundle,
  onReleased: (number: number) => void,
): CountedBundle {
  let open = 0;
  let serves = true;
  const settle = (): void => {
    if (!serves && open === 0) onReleased(number);
  };
  return {
    number,
    manifest,
    retain: () => {
      open++;
    },
    release: () => {
      open--;
      settle();
    },
    supersede: () => {
      serves = false;
      settle();
    },
  };
}

/** Gathers what is told, in its order. */
function createTeller(post: (batch: Pick<ChainBatch, "tellings" | "windows">) => void) {
  const rows = createWindowRowsWriter();
  let tellings: ChainTelling[] = [];
  /** Windows that the tellings speak of. */
  let told = 0;
  const tellWindows = (): void => {
    if (rows.count > told) tellings.push({ type: "windows", count: rows.count - told });
    told = rows.count;
  };
  return {
    tell: (telling: ChainTelling): void => {
      tellWindows();
      tellings.push(telling);
    },
    window: (point: number, due: DueWindow<CountedBundle>): void => rows.add(point, due),
    get waiting(): number {
      return tellings.length + rows.count - told;
    },
    post: (): void => {
      tellWindows();
      if (tellings.length === 0) return;
      post({ tellings, windows: rows.take() });
      tellings = [];
      told = 0;
    },
  };
}

/** Takes everything until it is told to close. */
function runChain(start: ChainStart, post: (batch: ChainBatch) => void): void {
  const reader = createRingReader(start.memory, start.lowBytes);
  const teller = createTeller(({ tellings, windows }) => {
    const openOfPoint = new Uint16Array(start.points.length);
    const open = chain.findOpen(openOfPoint);
    post({ tellings, windows, takenBytes: reader.takenBytes, open, openOfPoint });
  });
  const { tell } = teller;
  const streams: BlockStream[] = [];
  let released: number[] = [];
  let moment: ClockMoment = start.moment;
  let monotonicMs = moment.monotonicMs;
  let closed = false;
  const clock: Clock = {
    nowMs: () => moment.nowMs + (monotonicMs - moment.monotonicMs),
    monotonicMs: () => monotonicMs,
  };
  const noteMoment = (now: ClockMoment): void => {
    moment = now;
    monotonicMs = now.monotonicMs;
  };
  const readings = createLatestReadings(start.operation.dataTimeoutSeconds * 1000);
  for (const reading of start.readings) readings.note(reading);
  const count = (bundle: ChainBundle): CountedBundle =>
    createCountedBundle(bundle, (number) => released.push(number));
  const bundles = new Map(start.bundles.map((bundle) => [bundle.manifest.name, count(bundle)]));
  const chain: SignalChain<CountedBundle> = createSignalChain({
    points: start.points,
    bundleOf: (name) => bundles.get(name)!,
    operation: start.operation,
    readings,
    clock,
    sink: {
      window: teller.window,
      missing: (point, fromMs, toMs) => tell({ type: "missing", point, fromMs, toMs }),
      silence: (point, silence) => tell({ type: "silence", point, silence }),
      setAside: (quarantine, turbine, windows) => tell({ type: "set-aside", quarantine, turbine, windows }),
      schemaDrift: (drift) => tell({ type: "schema-drift", drift }),
    },
  });

  const use = (bundle: ChainBundle): void => {
    if (bundle.number <= start.lastBundle) return;
    const { name } = bundle.manifest;
    const before = bundles.get(name);
    const next = count(bundle);
    bundles.set(name, next);
    chain.use(next);
    before?.supersede();
  };
  const obey = (order: ChainOrder): void => {
    switch (order.type) {
      case "stream":
        streams[order.number] = order.stream;
        return;
      case "hello":
        noteMoment(order.moment);
        chain.announce(order.hello);
        return;
      case "reading":
        readings.note(order.reading);
        return;
      case "use":
        use(order.bundle);
        return;
      case "renew":
        chain.renew(order.point);
        return;
      case "tick":
        noteMoment(order.moment);
        chain.tick();
        tell({ type: "heard", heard: chain.heard });
        return;
      case "mark":
        tell(order);
        return;
      case "close":
        // The last word: from here on nothing is untold but what is open.
        tell({ type: "heard", heard: chain.heard });
        closed = true;
        return;
    }
  };
  const take = {
    block: (number: number, block: Reused<SampleBlock>, refused: number): void => {
      const { deviceId, channel, unit } = streams[number]!;
      block.deviceId = deviceId;
      block.channel = channel;
      block.unit = unit;
      monotonicMs = block.arrivedMonotonicMs;
      chain.accept(block, refused);
    },
    message: (message: unknown): void => obey(message as ChainOrder),
  };

  while (!closed) {
    const some = reader.read(take);
    // A window is told before its bundle's release is.
    if (released.length > 0) {
      for (const bundle of released) tell({ type: "released", bundle });
      released = [];
    }
    if (some && !closed && teller.waiting < maxBatch && reader.unsettledBytes < maxUnsettledBytes) continue;
    teller.post();
    // Of a thread that ends, what it has not told is left like what it has not taken.
    reader.settle();
    if (reader.isRelieved()) tell({ type: "relieved" });
    teller.post();
    if (!some) reader.wait();
  }
}

runChain(workerData as ChainStart, (batch) => parentPort!.postMessage(batch));
