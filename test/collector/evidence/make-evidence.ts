/** Evidence as a gateway would make it, and its pieces. */
import type { EvidenceAbout } from "../../../src/core/contract/evidence.ts";
import type { EvidencePiece } from "../../../src/core/contract/uplink-record.ts";
import { encodeNpy } from "../../../src/core/platform/files/encode-npy.ts";
import { packSamples } from "../../../src/core/platform/files/sample-codec.ts";
import { sha256Hex } from "../../../src/core/platform/files/sha256.ts";

export interface MadeEvidence {
  readonly id: string;
  readonly about: string;
  readonly packed: Uint8Array;
  readonly counts: Int16Array;
  /** Its pieces in order. */
  pieces(size: number): EvidencePiece[];
}

/** Evidence of a noisy tone; `changes` are made to its facts, and its id fits them. */
export async function makeEvidence(
  changes: Partial<EvidenceAbout["evidence"]> = {},
  samples = 6_000,
): Promise<MadeEvidence> {
  let seed = 1 + samples;
  const counts = Int16Array.from({ length: samples }, (_, index) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return 9_000 * Math.sin(index / 7) + (seed % 4_000);
  });
  const packed = await packSamples([counts]);
  const about: EvidenceAbout = {
    rateHz: 12_000,
    shaftRpm: 1_797,
    scale: 1 / 4096,
    bearing: { bpfo: 3.58, bpfi: 5.41, bsf: 2.36, ftf: 0.4 },
    device: "mcu-wt-1",
    channel: "accel-de",
    unit: "g",
    from: "2026-06-01T12:00:00.000Z",
    firstSample: 24_000,
    alert: "alert-1",
    evidence: {
      version: 1,
      kind: "alarm",
      gateway: "gw-1",
      site: "north-sea",
      turbine: "wt-1",
      component: "generator-bearing",
      to: "2026-06-01T12:00:00.500Z",
      samples,
      model: { name: "bearing-vibration", version: "1.0.0", digest: "ab".repeat(32) },
      said: { verdict: "alarm", failureModes: ["outer-race"], probability: 0.9 },
      npySha256: sha256Hex(encodeNpy([counts])),
      packed: { codec: "split-brotli", bytes: packed.length, sha256: sha256Hex(packed) },
      ...changes,
    },
  };
  return describeMade(JSON.stringify(about), packed, counts);
}

export function describeMade(about: string, packed: Uint8Array, counts: Int16Array): MadeEvidence {
  const id = sha256Hex(Buffer.from(about));
  return {
    id,
    about,
    packed,
    counts,
    pieces: (size) =>
      Array.from({ length: Math.ceil(packed.length / size) }, (_, index) => {
        const offset = index * size;
        return {
          kind: "evidence-piece",
          id,
          offset,
          about: index === 0 ? about : "",
          bytes: packed.slice(offset, offset + size),
        };
      }),
  };
}
