/** What each channel of a device carries while the shaft turns: where its samples stand, and how much of them alternates. */
import type { DeviceChannel, RawWindowMessage } from "../../core/contract/device/device-message.ts";
import { shareSumKernel } from "../../core/maths/sum-kernel.ts";
import type { ChannelLevel } from "./device-facts.ts";
import { createSampleLook, type SampleLook } from "./sample-look.ts";

export interface ChannelLevels {
  /**
   * Takes a block; what it returns is valid until the next call.
   */
  note(message: RawWindowMessage, channel: DeviceChannel): BlockPlace;
  /** The shaft stands, or is not known to turn: what was heard says nothing of a sensor. */
  pause(): void;
  restart(): void;
  /** Of the last whole stretch of those of these channels that were heard. */
  levels(names: readonly string[]): ChannelLevel[];
}

/** How a block follows the one before it. */
interface BlockPlace {
  /** By how many samples it lies after it: 0 as it should, more for missing ones, less for a block that goes back. */
  jump: number;
  /** The same samples under another index. */
  isAgain: boolean;
  /** Root mean square of what alternates, in counts. */
  rmsCounts: number;
}

interface Channel {
  nextSample: number;
  samples: number;
  sum: number;
  sumSquares: number;
  readonly look: SampleLook;
  level: ChannelLevel | null;
}

const stretchSeconds = 10;
/** As many as a hello may announce, and more than any device has. */
const maxChannels = 64;

/** Creates levels of a device that was not heard yet. */
export function createChannelLevels(): ChannelLevels {
  const channels = new Map<string, Channel>();
  const kernel = shareSumKernel();
  const place: BlockPlace = { jump: 0, isAgain: false, rmsCounts: 0 };

  function open(name: string, firstSample: number): Channel | undefined {
    if (channels.size >= maxChannels) return undefined;
    const opened: Channel = {
      nextSample: firstSample,
      samples: 0,
      sum: 0,
      sumSquares: 0,
      look: createSampleLook(),
      level: null,
    };
    channels.set(name, opened);
    return opened;
  }

  return {
    note: ({ counts, firstSample }, of) => {
      const channel = channels.get(of.name) ?? open(of.name, firstSample);
      place.jump = 0;
      place.isAgain = false;
      place.rmsCounts = 0;
      if (channel === undefined) return place;
      place.jump = firstSample - channel.nextSample;
      // What goes back is known by its index.
      place.isAgain = channel.look.note(counts) && place.jump >= 0;
      channel.nextSample = firstSample + counts.length;
      kernel.run(counts);
      const { sum, squares } = kernel.found;
      const mean = sum / counts.length;
      place.rmsCounts = Math.sqrt(Math.max(0, squares / counts.length - mean * mean));
      channel.sum += sum;
      channel.sumSquares += squares;
      channel.samples += counts.length;
      if (channel.samples >= stretchSeconds * of.sampleRateHz) closeStretch(channel, of);
      return place;
    },
    pause: () => {
      for (const channel of channels.values()) forget(channel);
    },
    restart: () => channels.clear(),
    levels: (names) => names.flatMap((name) => channels.get(name)?.level ?? []),
  };
}

function closeStretch(channel: Channel, { name, unit, scale, sampleRateHz }: DeviceChannel): void {
  const { samples, sum, sumSquares } = channel;
  const mean = sum / samples;
  const rmsCounts = Math.sqrt(Math.max(0, sumSquares / samples - mean * mean));
  const shape = channel.look.close();
  forget(channel);
  channel.level = {
    channel: name,
    unit,
    mean: mean * scale,
    rms: rmsCounts * scale,
    rmsCounts,
    fastRmsCounts: shape?.fastRms ?? rmsCounts,
    hertz: (((shape?.changeRms ?? 0) / rmsCounts) * sampleRateHz) / (2 * Math.PI),
    scale,
    step: shape?.step ?? 1,
    cutShare: shape?.cutShare ?? 0,
    cutAt: (shape?.cutAt ?? 0) * scale,
  };
}

function forget(channel: Channel): void {
  channel.level = null;
  channel.samples = 0;
  channel.sum = 0;
  channel.sumSquares = 0;
  channel.look.close();
}
