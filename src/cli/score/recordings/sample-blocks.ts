/** A recording as the blocks that a device would have sent of it. Holds none of them against the data contract. */
import type { Quarantine, SampleBlock } from "../../../core/contract/stream.ts";
import { readCountBlocks } from "../../../training/dataset/samples/quantise-samples.ts";
import { meanSpeedOf } from "../../../training/dataset/speed/recorded-speed.ts";
import type { OpenedRecording } from "./open-recording.ts";

/** As a microcontroller sends them: what a bad sample spoils is as much as on the gateway. */
const blockSamples = 496;

/** Where the recording's first sample stands in its stream. */
interface StreamPlace {
  /** Epoch ms, or 0: time counts from the file's first sample. */
  readonly startMs: number;
  readonly firstSample: number;
}

/** A block, and why it cannot be trusted, if so: some sample in it is no number. */
interface ReadBlock {
  /** Its `counts` are valid until the next one is asked for. */
  readonly block: SampleBlock;
  readonly broken: Quarantine | null;
}

/** Reads the blocks in order. Fails as the reader of the file does. */
export async function* readSampleBlocks(
  { file, sidecar, quantisation, contract }: OpenedRecording,
  place: StreamPlace = { startMs: 0, firstSample: 0 },
): AsyncGenerator<ReadBlock> {
  const { rateHz, speed } = sidecar;
  for await (const { firstSample, counts, allFinite } of readCountBlocks(file, quantisation, blockSamples)) {
    const timestampMs = place.startMs + (firstSample * 1000) / rateHz;
    const from = { deviceId: "file", channel: contract.name, timestampMs };
    const block: SampleBlock = {
      ...from,
      unit: contract.unit,
      firstSample: place.firstSample + firstSample,
      sampleRateHz: rateHz,
      scale: quantisation.scale,
      shaftRpm:
        speed === undefined
          ? sidecar.shaftRpm
          : meanSpeedOf(speed, { first: firstSample, samples: counts.length }),
      counts,
      arrivedMonotonicMs: 0,
    };
    const detail = "a sample is missing or not a finite number";
    const broken = allFinite
      ? null
      : { ...from, reason: "not-finite" as const, detail, samples: counts.length };
    yield { block, broken };
  }
}
