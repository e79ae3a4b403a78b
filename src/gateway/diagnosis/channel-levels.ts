/**
 * What each channel of a device carries: how its blocks follow one another, and, while the shaft turns, where its samples stand
 * and how much of them alternates.
 */
import type { DeviceChannel, RawWindowMessage } from "../../core/contract/device/device-message.ts";
import { shareSumKernel } from "../../core/maths/sum-kernel.ts";
import type { ChannelLevel } from "./device-facts.ts";
import { createSampleLook, type SampleLook } from "./sample-look.ts";
import { createSampleRuns, type SampleRuns, type SnapshotLoss } from "./sample-runs.ts";

interface ChannelLevels {
  /**
   * Takes a block that arrived at this monotonic time, ms; what it returns is valid until the next call.
   */
  note(message: RawWindowMessage, channel: DeviceChannel, arrivedMonotonicMs: number): BlockPlace;
  /** The shaft stands, or is not known to turn: what was heard says nothing of a sensor. */
  pause(): void;
  restart(): void;
  /** The streams go on over another connection: what was lost with the one that ended is known by that. */
  rejoin(): void;
  /** Of the last whole stretch of those of these channels that were heard. */
  levels(names: readonly string[]): ChannelLevel[];
  /** The longest of the last pauses between snapshots, ms; 0: it streams. And what was lost of the last snapshots of all channels. */
  readonly pauseMs: number;
  readonly snapshotLoss: SnapshotLoss;
}

/** How a block follows the one before it. */
interface BlockPlace {
  /** By how many samples it lies after it: 0 as it should, more for missing ones, less for a block that goes back. */
  jump: number;
  /** Of those the ones that were lost: not those that a device which sends snapshots left out on purpose. */
  lost: number;
  /** It is the first one after such a pause. */
  isAfterPause: boolean;
  /** The same samples under another index. */
  isAgain: boolean;
  /** Root mean square of what alternates, in counts. */
  rmsCounts: number;
}

interface Channel {
  nextSample: number;
  isRejoined: boolean;
  samples: number;
  sum: number;
  sumSquares: number;
  readonly look: SampleLook;
  readonly runs: SampleRuns;
  level: ChannelLevel | null;
}

const stretchSeconds = 10;
/** As many as a hello may announce, and more than any device has. */
const maxChannels = 64;

/** Creates levels of a device that was not heard yet. */
export function createChannelLevels(): ChannelLevels {
  return new Levels();
}

/** One for all, so that no block allocates. */
const place: BlockPlace = { jump: 0, lost: 0, isAfterPause: false, isAgain: false, rmsCounts: 0 };

class Levels implements ChannelLevels {
  readonly #channels = new Map<string, Channel>();
  readonly #kernel = shareSumKernel();

  note(message: RawWindowMessage, of: DeviceChannel, arrivedMonotonicMs: number): BlockPlace {
    const { counts, firstSample } = message;
    const channel = this.#channels.get(of.name) ?? this.#open(of.name, firstSample);
    place.jump = 0;
    place.lost = 0;
    place.isAfterPause = false;
    place.isAgain = false;
    place.rmsCounts = 0;
    if (channel === undefined) return place;
    const jump = firstSample - channel.nextSample;
    const { runs } = channel;
    const { isRejoined } = channel;
    runs.note({
      jump,
      samples: counts.length,
      sampleRateHz: of.sampleRateHz,
      arrivedMonotonicMs,
      isRejoined,
    });
    channel.isRejoined = false;
    place.jump = jump;
    place.lost = runs.lost;
    place.isAfterPause = runs.isAfterPause;
    // What goes back is known by its index.
    place.isAgain = channel.look.note(counts) && jump >= 0;
    channel.nextSample = firstSample + counts.length;
    this.#kernel.run(counts);
    const { sum, squares } = this.#kernel.found;
    const mean = sum / counts.length;
    place.rmsCounts = Math.sqrt(Math.max(0, squares / counts.length - mean * mean));
    channel.sum += sum;
    channel.sumSquares += squares;
    channel.samples += counts.length;
    if (channel.samples >= stretchSeconds * of.sampleRateHz) closeStretch(channel, of);
    return place;
  }

  pause(): void {
    for (const channel of this.#channels.values()) forget(channel);
  }

  restart(): void {
    this.#channels.clear();
  }

  rejoin(): void {
    for (const channel of this.#channels.values()) channel.isRejoined = true;
  }

  levels(names: readonly string[]): ChannelLevel[] {
    return names.flatMap((name) => this.#channels.get(name)?.level ?? []);
  }

  get pauseMs(): number {
    let longest = 0;
    for (const { runs } of this.#channels.values()) longest = Math.max(longest, runs.pauseMs);
    return longest;
  }

  get snapshotLoss(): SnapshotLoss {
    const losses = [...this.#channels.values()].map(({ runs }) => runs.loss);
    return {
      samples: losses.reduce((sum, loss) => sum + loss.samples, 0),
      missing: losses.reduce((sum, loss) => sum + loss.missing, 0),
      isHabit: losses.some(({ isHabit }) => isHabit),
    };
  }

  #open(name: string, firstSample: number): Channel | undefined {
    if (this.#channels.size >= maxChannels) return undefined;
    const opened: Channel = {
      nextSample: firstSample,
      isRejoined: false,
      samples: 0,
      sum: 0,
      sumSquares: 0,
      look: createSampleLook(),
      runs: createSampleRuns(),
      level: null,
    };
    this.#channels.set(name, opened);
    return opened;
  }
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
