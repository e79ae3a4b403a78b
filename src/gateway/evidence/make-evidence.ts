/** A recording and what is known of its machine → evidence: description, packed samples, and the digests of both. */

import type { PointConfig } from "../../core/contract/config/gateway-config.ts";
import {
  type EvidenceAbout,
  type EvidenceFacts,
  type EvidenceKind,
  maxAboutBytes,
} from "../../core/contract/evidence.ts";
import { renderIsoTime } from "../../core/contract/iso-time.ts";
import { encodeNpy } from "../../core/platform/files/encode-npy.ts";
import { packSamples } from "../../core/platform/files/sample-codec.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import { describeRecording, type Recording } from "../devices/recording.ts";

/** Why it was taken, of which machine, and what its model said. */
export interface EvidenceOccasion
  extends Pick<EvidenceFacts, "kind" | "gateway" | "site" | "turbine" | "component" | "model" | "said"> {
  readonly point: Pick<PointConfig, "bearing" | "shaftRpm">;
  /** Id of the alert that it surrounds. */
  readonly alert?: string;
  /** Id of the request that it answers. */
  readonly request?: string;
}

/** Evidence that is ready to go. */
export interface MadeEvidence {
  readonly id: string;
  readonly kind: EvidenceKind;
  /** What the id is the digest of. */
  readonly about: string;
  readonly packed: Uint8Array;
}

export async function makeEvidence(recording: Recording, occasion: EvidenceOccasion): Promise<MadeEvidence> {
  const { point, alert, request, ...facts } = occasion;
  const { first, parts, samples } = recording;
  const packed = await packSamples(parts);
  const { bearing, shaftRpm } = point;
  const about: EvidenceAbout = {
    ...describeRecording(recording, { bearing, shaftRpm, alert }),
    evidence: {
      version: 1,
      ...facts,
      ...(request === undefined ? {} : { request }),
      to: renderIsoTime(first.timestampMs + (1000 * samples) / first.sampleRateHz),
      samples,
      npySha256: sha256Hex(encodeNpy(parts)),
      packed: { codec: "split-brotli", bytes: packed.length, sha256: sha256Hex(packed) },
    },
  };
  const text = JSON.stringify(about);
  const bytes = Buffer.from(text);
  if (bytes.length > maxAboutBytes) throw new RangeError(`a description of ${bytes.length} bytes`);
  return { id: sha256Hex(bytes), kind: facts.kind, about: text, packed };
}
