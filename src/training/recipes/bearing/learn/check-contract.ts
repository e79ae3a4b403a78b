/** Holds every recording against the data contract of the bundle, with the very code that does it on a gateway. */
import { type ChannelContract, findWaveform } from "../../../../core/contract/bundle/manifest.ts";
import { createWaveformIngest } from "../../../../core/ingest/waveform-ingest.ts";
import type { RecordedEntry, RecordingSet } from "../../../dataset/recordings/recording-set.ts";

/** What the contract says of the recordings. */
export interface ContractReport {
  readonly signals: number;
  readonly samples: number;
  /** Samples that serving would set aside too, by signal and reason; such a signal is not trained on. */
  readonly refused: readonly RefusedSignal[];
}

/** A channel of a recording that breaks the contract somewhere. */
interface RefusedSignal {
  /** Id of the entry. */
  readonly signal: string;
  readonly reason: string;
  readonly samples: number;
}

const blockSamples = 4096;
const anyRange = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };

/** Checks `set` against the first waveform channel. Fails with DATA_MISSING or DATA_FORMAT. */
export async function checkContract(
  set: RecordingSet,
  channels: readonly ChannelContract[],
): Promise<ContractReport> {
  const contract = findWaveform({ channels });
  const refused = new Map<string, RefusedSignal>();
  let samples = 0;
  for (const entry of set.entries) {
    samples += await checkEntry(set, entry, {
      contract: contract && (entry.isAbsolute ? contract : { ...contract, ...anyRange }),
      refuse: (reason, count) => {
        const key = `${entry.id} ${reason}`;
        refused.set(key, { signal: entry.id, reason, samples: count + (refused.get(key)?.samples ?? 0) });
      },
    });
  }
  return { signals: set.entries.length, samples, refused: [...refused.values()] };
}

/** Samples of the entry. */
async function checkEntry(
  set: RecordingSet,
  entry: RecordedEntry,
  options: {
    readonly contract: ChannelContract | undefined;
    readonly refuse: (reason: string, samples: number) => void;
  },
): Promise<number> {
  const { contract, refuse } = options;
  const ingest = createWaveformIngest({
    contractOf: () => contract,
    sink: { schemaDrift: () => {}, quarantine: ({ reason, samples }) => refuse(reason, samples) },
  });
  let done = 0;
  for await (const { counts, sampleRateHz, scale, shaftRpm } of set.parts(entry)) {
    for (let first = 0; first < counts.length; first += blockSamples) {
      ingest.accept({
        deviceId: entry.id,
        channel: contract?.name ?? "",
        unit: contract?.unit ?? "g",
        timestampMs: ((done + first) / sampleRateHz) * 1000,
        firstSample: done + first,
        sampleRateHz,
        scale,
        shaftRpm,
        counts: counts.subarray(first, first + blockSamples),
      });
    }
    done += counts.length;
  }
  return done;
}
