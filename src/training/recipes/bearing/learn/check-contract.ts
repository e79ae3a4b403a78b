/** Holds every recording against the data contract of the bundle, with the very code that does it on a gateway. */
import { join } from "node:path";
import type { ChannelContract } from "../../../../core/contract/bundle/manifest.ts";
import { createWaveformIngest } from "../../../../core/ingest/waveform-ingest.ts";
import { readCwruIndex, readCwruSignals } from "../../../dataset/cwru-recordings.ts";

/** What the contract says of the recordings. */
export interface ContractReport {
  readonly signals: number;
  readonly samples: number;
  /** Samples that serving would set aside too, by signal and reason; such a signal is not trained on. */
  readonly refused: readonly RefusedSignal[];
}

/** A channel of a recording that breaks the contract somewhere. */
interface RefusedSignal {
  /** `<file> <end>`. */
  readonly signal: string;
  readonly reason: string;
  readonly samples: number;
}

const blockSamples = 4096;

/** Checks `<dataDir>/cwru` against the first waveform channel. Fails with DATA_MISSING or DATA_FORMAT. */
export async function checkCwruContract(
  dataDir: string,
  channels: readonly ChannelContract[],
): Promise<ContractReport> {
  const dir = join(dataDir, "cwru");
  const contract = channels.find((channel) => channel.kind === "waveform");
  const refused = new Map<string, RefusedSignal>();
  let signals = 0;
  let samples = 0;
  for (const recording of await readCwruIndex(dir)) {
    for (const signal of await readCwruSignals(dir, recording)) {
      const deviceId = nameSignal(recording.file, signal.end);
      const ingest = createWaveformIngest({
        contractOf: () => contract,
        sink: {
          schemaDrift: () => {},
          quarantine: ({ reason, samples: count }) => {
            const key = `${deviceId} ${reason}`;
            refused.set(key, {
              signal: deviceId,
              reason,
              samples: count + (refused.get(key)?.samples ?? 0),
            });
          },
        },
      });
      for (let first = 0; first < signal.counts.length; first += blockSamples) {
        ingest.accept({
          deviceId,
          channel: contract?.name ?? "",
          unit: "g",
          timestampMs: (first / recording.sampleRateHz) * 1000,
          firstSample: first,
          sampleRateHz: recording.sampleRateHz,
          scale: signal.scale,
          shaftRpm: recording.shaftRpm,
          counts: signal.counts.subarray(first, first + blockSamples),
        });
      }
      signals++;
      samples += signal.counts.length;
    }
  }
  return { signals, samples, refused: [...refused.values()] };
}

/** How a signal is called in a {@link ContractReport}. */
export function nameSignal(file: string, end: string): string {
  return `${file} ${end}`;
}
