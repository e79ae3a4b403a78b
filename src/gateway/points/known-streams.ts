/** Numbers of the streams that go to a thread: one is told to it once, and then called by its number. */
import type { SampleBlock } from "../../core/contract/stream.ts";
import { maxStreams } from "../../core/ingest/schema-watch.ts";
import type { BlockStream } from "./block-ring.ts";

interface KnownStream {
  readonly number: number;
  unit: string;
  /** Samples that the thread had no room for since the last block that it was given. */
  refused: number;
  /** Of its newest block. */
  arrivedMonotonicMs: number;
  timestampMs: number;
}

type ArrivedBlock = BlockStream & Pick<SampleBlock, "arrivedMonotonicMs" | "timestampMs">;

/** As the thread that runs knows them. */
interface KnownStreams {
  /** `isNew`: the thread is to be told of it, for the first time or once more. */
  know(block: ArrivedBlock): { readonly stream: KnownStream; readonly isNew: boolean };
  find(deviceId: string, channel: string): KnownStream | undefined;
  forget(): void;
}

/** Creates it for a thread that knows none. */
export function createKnownStreams(): KnownStreams {
  const byDevice = new Map<string, Map<string, KnownStream>>();
  let known = 0;
  const find = (deviceId: string, channel: string): KnownStream | undefined =>
    byDevice.get(deviceId)?.get(channel);
  const forget = (): void => {
    byDevice.clear();
    known = 0;
  };
  return {
    know: ({ deviceId, channel, unit, arrivedMonotonicMs, timestampMs }) => {
      const stream = find(deviceId, channel);
      if (stream !== undefined) {
        const isNew = stream.unit !== unit;
        stream.unit = unit;
        stream.arrivedMonotonicMs = arrivedMonotonicMs;
        stream.timestampMs = timestampMs;
        return { stream, isNew };
      }
      // Only a device that calls its channels otherwise again and again gets there: all are told anew.
      if (known === maxStreams) forget();
      const channels = byDevice.get(deviceId) ?? new Map<string, KnownStream>();
      const begun = { number: known++, unit, refused: 0, arrivedMonotonicMs, timestampMs };
      byDevice.set(deviceId, channels.set(channel, begun));
      return { stream: begun, isNew: true };
    },
    find,
    forget,
  };
}
