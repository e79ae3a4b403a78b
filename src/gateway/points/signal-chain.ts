/**
 * The first half of the way of the data: blocks → data contract → windows → features, for all points of some devices. The
 * points of a gateway have one such chain together, or several, each in a thread of its own. Scores and decides nothing.
 */
import { inGravities } from "../../core/contract/acceleration-units.ts";
import { type ChannelContract, findWaveform } from "../../core/contract/bundle/manifest.ts";
import type { GatewayConfig, PointConfig } from "../../core/contract/config/gateway-config.ts";
import { isOperatingChannel } from "../../core/contract/config/operating-channels.ts";
import type { HelloMessage } from "../../core/contract/device/device-message.ts";
import type { PointId, Quarantine, Reused, SampleBlock, SchemaDrift } from "../../core/contract/stream.ts";
import type { PointSilence } from "../../core/contract/turbine-state.ts";
import { createWaveformIngest } from "../../core/ingest/waveform-ingest.ts";
import { groupBy } from "../../core/maths/group-by.ts";
import type { Clock } from "../../core/platform/clock.ts";
import {
  createMeasuringPoint,
  type DueWindow,
  type MeasuringPoint,
  type MeasuringPointOptions,
  type PointSink,
} from "../../core/serving/measuring-point.ts";
import type { PresenceSnapshot } from "../../core/serving/point-presence.ts";
import type { WindowBundle } from "../../core/serving/spec-cutter.ts";
import type { OpenWindows } from "../../core/window/window-sink.ts";

/** A point of a chain, which its owner knows by its place in the chain's list. */
export interface ChainPoint {
  readonly id: PointId;
  readonly config: PointConfig;
  /** What was heard of it before; absent: nothing. */
  readonly heard?: PresenceSnapshot | undefined;
}

/** Where everything goes, in the order in which it happens at a point. */
export interface ChainSink<B extends WindowBundle> {
  /** A window ended. Its bundle is the caller's until the end of this turn of the event loop. */
  window(point: number, due: DueWindow<B>): void;
  missing(point: number, fromMs: number, toMs: number): void;
  silence(point: number, silence: PointSilence): void;
  setAside(quarantine: Quarantine, turbine: string | null, windows: 0 | 1): void;
  schemaDrift(drift: SchemaDrift): void;
}

export interface SignalChainOptions<B extends WindowBundle> {
  readonly points: readonly ChainPoint[];
  /** What serves under a name now. */
  readonly bundleOf: (name: string) => B;
  readonly operation: GatewayConfig["operation"];
  readonly readings: MeasuringPointOptions["readings"];
  readonly clock: Clock;
  readonly sink: ChainSink<B>;
}

export interface SignalChain<B extends WindowBundle> {
  /** A device introduced itself. */
  announce(hello: Pick<HelloMessage, "deviceId" | "channels">): void;
  /** `block.counts` are valid only during the call. Of what is missing before it `refused` samples were set aside already; default 0. */
  accept(block: SampleBlock, refused?: number): void;
  /** A new bundle serves from the next windows on. */
  use(bundle: B): void;
  /** The machine of a point, by its place, was changed. */
  renew(point: number): void;
  /** Looks for points without data; call it about once a second. */
  tick(): void;
  pointsOf(deviceId: string, channel: string): readonly MeasuringPoint<B>[];
  /** What was heard of each point, in their order. */
  readonly heard: readonly PresenceSnapshot[];
  /** What a kill would lose of the points' open windows; null: none is open. `ofPoint` is filled with how many are at each, in their order. */
  findOpen(ofPoint?: Uint16Array): OpenWindows | null;
  /** Lets go of open windows. */
  close(): void;
}

/** Creates the chain of points; they go on where they were heard last. */
export function createSignalChain<B extends WindowBundle>(options: SignalChainOptions<B>): SignalChain<B> {
  const { bundleOf, operation, readings, clock, sink } = options;
  const points = options.points.map(({ id, config, heard }, index) =>
    createMeasuringPoint<B>({
      id,
      config,
      heard,
      bundle: bundleOf(config.bundle),
      operation,
      readings,
      clock,
      sink: new PointOfChain(sink, index, id.turbine),
    }),
  );
  const byChannel = groupByChannel(points);
  const pointsOf = (deviceId: string, channel: string): readonly MeasuringPoint<B>[] =>
    byChannel.get(deviceId)?.get(channel) ?? none;
  const contractOf = (deviceId: string, channel: string): ChannelContract | undefined => {
    const first = pointsOf(deviceId, channel)[0];
    return first && findWaveform(bundleOf(first.config.bundle).manifest);
  };
  /** Before the block that is being accepted. */
  let refusedSamples = 0;
  const ingest = createWaveformIngest({
    contractOf,
    sink: {
      quarantine: (found) => {
        const quarantine = leaveRefusedOut(found, refusedSamples);
        if (quarantine === null) return;
        const affected = pointsOf(quarantine.deviceId, quarantine.channel);
        if (affected.length === 0) sink.setAside(quarantine, null, 0);
        for (const point of affected) sink.setAside(quarantine, point.id.turbine, 0);
      },
      schemaDrift: (drift) => sink.schemaDrift(drift),
    },
  });
  return {
    announce: ({ deviceId, channels }) => {
      // Scalars about the turbine belong to no bundle and come as readings.
      const announced = channels.filter(({ name }) => !isOperatingChannel(name)).map(inGravities);
      const expected = [...(byChannel.get(deviceId)?.keys() ?? [])];
      ingest.announce({ deviceId, channels: announced, expected, timestampMs: clock.nowMs() });
    },
    accept: (block, refused = 0) => {
      refusedSamples = refused;
      if (!ingest.accept(block)) return;
      for (const point of pointsOf(block.deviceId, block.channel)) point.accept(block);
    },
    use: (bundle) => {
      for (const point of points) if (point.config.bundle === bundle.manifest.name) point.use(bundle);
    },
    renew: (point) => points[point]!.renew(),
    tick: () => {
      for (const point of points) point.tick();
    },
    pointsOf,
    get heard() {
      return points.map((point) => point.heard);
    },
    findOpen: (ofPoint) => {
      const span: Reused<OpenWindows> = {
        windows: 0,
        fromMs: Number.POSITIVE_INFINITY,
        toMs: Number.NEGATIVE_INFINITY,
      };
      for (const [index, point] of points.entries()) {
        const before = span.windows;
        point.coverOpen(span);
        if (ofPoint !== undefined) ofPoint[index] = span.windows - before;
      }
      return span.windows === 0 ? null : span;
    },
    close: () => {
      for (const point of points) point.close();
    },
  };
}

/** Where what comes of one point goes: to the chain's sink, by its place. */
class PointOfChain<B extends WindowBundle> implements PointSink<B> {
  readonly #sink: ChainSink<B>;
  readonly #place: number;
  readonly #turbine: string;

  constructor(sink: ChainSink<B>, place: number, turbine: string) {
    this.#sink = sink;
    this.#place = place;
    this.#turbine = turbine;
  }

  submit(due: DueWindow<B>): void {
    this.#sink.window(this.#place, due);
  }

  noteMissing(fromMs: number, toMs: number): void {
    this.#sink.missing(this.#place, fromMs, toMs);
  }

  onQuarantine(quarantine: Quarantine, windows: 0 | 1): void {
    this.#sink.setAside(quarantine, this.#turbine, windows);
  }

  onSilence(silence: PointSilence): void {
    this.#sink.silence(this.#place, silence);
  }
}

/** What is left of it without so many samples that are missing since they were refused; null: nothing. */
function leaveRefusedOut(quarantine: Quarantine, refused: number): Quarantine | null {
  if (quarantine.reason !== "gap" || quarantine.samples === 0 || refused === 0) return quarantine;
  const samples = quarantine.samples - refused;
  return samples > 0 ? { ...quarantine, samples, detail: `${samples} samples are missing` } : null;
}

const none: readonly never[] = [];

/** By device, then by channel: several points may share one. */
function groupByChannel<P extends { readonly config: PointConfig }>(
  points: readonly P[],
): ReadonlyMap<string, ReadonlyMap<string, readonly P[]>> {
  return new Map(
    [...groupBy(points, ({ config }) => config.device)].map(([device, own]) => [
      device,
      groupBy(own, ({ config }) => config.channel),
    ]),
  );
}
