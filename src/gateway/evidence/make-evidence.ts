/** A recording and what is known of its machine → evidence: description, packed samples, and the digests of both. */

import type { PointConfig } from "../../core/contract/config/gateway-config.ts";
import {
  type EvidenceAbout,
  type EvidenceFacts,
  type EvidenceKind,
  type EvidenceSpeed,
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
  readonly point: Pick<PointConfig, "bearing" | "polePairs" | "gearedShafts" | "speedRatio" | "shaftRpm">;
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
  const { bearing, polePairs, gearedShafts, speedRatio, shaftRpm } = point;
  const place = { bearing, polePairs, gearedShafts, speedRatio, shaftRpm, alert };
  const described = describeRecording(recording, place);
  const describe = (speed?: EvidenceSpeed): string => {
    const about: EvidenceAbout = {
      ...described,
      evidence: {
        version: 1,
        ...facts,
        ...(request === undefined ? {} : { request }),
        to: renderIsoTime(first.timestampMs + (1000 * samples) / first.sampleRateHz),
        samples,
        ...(speed === undefined ? {} : { speed }),
        npySha256: sha256Hex(encodeNpy(parts)),
        packed: { codec: "split-brotli", bytes: packed.length, sha256: sha256Hex(packed) },
      },
    };
    return JSON.stringify(about);
  };
  const changes = described.shaftRpm !== undefined && described.shaftRpmRange !== undefined;
  const whole = describe(changes ? sayRpm(recording, speedRatio) : undefined);
  // With long names there may be no room for the speed, of which the mean is told in any case.
  const text = Buffer.byteLength(whole) > maxAboutBytes ? describe() : whole;
  const bytes = Buffer.from(text);
  if (bytes.length > maxAboutBytes) throw new RangeError(`a description of ${bytes.length} bytes`);
  return { id: sha256Hex(bytes), kind: facts.kind, about: text, packed };
}

/** Which way round the shaft turns matters to nobody, and finer than a part in ten thousand no speed is known. */
function sayRpm({ speed }: Recording, speedRatio = 1): EvidenceSpeed {
  return { ...speed, rpm: speed.rpm.map((rpm) => Number((Math.abs(rpm) * speedRatio).toPrecision(5))) };
}
