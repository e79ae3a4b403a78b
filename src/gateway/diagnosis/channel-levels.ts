/** What each channel of a device carries while the shaft turns: where its samples stand, and how much of them alternates. */
import type { DeviceChannel, RawWindowMessage } from "../../core/contract/device/device-message.ts";
import { shareSumKernel } from "../../core/maths/sum-kernel.ts";
import type { ChannelLevel } from "./device-facts.ts";

export interface ChannelLevels {
  /**
   * Takes a block, and says by how many samples it lies after the one before it: 0 as it should, more for missing ones, less
   * for a block that goes back.
   */
  note(message: RawWindowMessage, channel: DeviceChannel): number;
  /** The shaft stands, or is not known to turn: what was heard says nothing of a sensor. */
  pause(): void;
  restart(): void;
  /** Of the last whole stretch of these channels; null: none was heard. */
  quietest(names: readonly string[]): ChannelLevel | null;
}

interface Channel {
  nextSample: number;
  samples: number;
  sum: number;
  sumSquares: number;
  level: ChannelLevel | null;
}

const stretchSeconds = 10;
/** As many as a hello may announce, and more than any device has. */
const maxChannels = 64;

/** Creates levels of a device that was not heard yet. */
export function createChannelLevels(): ChannelLevels {
  const channels = new Map<string, Channel>();
  const kernel = shareSumKernel();

  function open(name: string, firstSample: number): Channel | undefined {
    if (channels.size >= maxChannels) return undefined;
    const opened: Channel = { nextSample: firstSample, samples: 0, sum: 0, sumSquares: 0, level: null };
    channels.set(name, opened);
    return opened;
  }

  return {
    note: ({ counts, firstSample }, of) => {
      const channel = channels.get(of.name) ?? open(of.name, firstSample);
      if (channel === undefined) return 0;
      const jump = firstSample - channel.nextSample;
      channel.nextSample = firstSample + counts.length;
      kernel.run(counts);
      channel.sum += kernel.found.sum;
      channel.sumSquares += kernel.found.squares;
      channel.samples += counts.length;
      if (channel.samples >= stretchSeconds * of.sampleRateHz) closeStretch(channel, of);
      return jump;
    },
    pause: () => {
      for (const channel of channels.values()) forget(channel);
    },
    restart: () => channels.clear(),
    quietest: (names) => {
      let quietest: ChannelLevel | null = null;
      for (const name of names) {
        const level = channels.get(name)?.level ?? null;
        if (level !== null && level.rmsCounts < (quietest?.rmsCounts ?? Number.POSITIVE_INFINITY))
          quietest = level;
      }
      return quietest;
    },
  };
}

function closeStretch(channel: Channel, { name, unit, scale }: DeviceChannel): void {
  const { samples, sum, sumSquares } = channel;
  const mean = sum / samples;
  const rmsCounts = Math.sqrt(Math.max(0, sumSquares / samples - mean * mean));
  forget(channel);
  channel.level = { channel: name, unit, mean: mean * scale, rms: rmsCounts * scale, rmsCounts };
}

function forget(channel: Channel): void {
  channel.level = null;
  channel.samples = 0;
  channel.sum = 0;
  channel.sumSquares = 0;
}
