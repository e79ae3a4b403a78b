/** How a bundle appears in an update repository: what the registry signs and the gateway looks for. */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import { semverPattern } from "./manifest.ts";
import { namePattern, sha256Pattern } from "./plain-name.ts";

/** The `custom` part of a bundle's entry in signed targets metadata. */
export interface UpdateTarget {
  /** Name of the model, as in its manifest. */
  readonly name: string;
  /** Version of the model, as in its manifest. */
  readonly version: string;
  /** Digest of the bundle: SHA-256 of its `manifest.json`, lower-case hex. */
  readonly digest: string;
}

export const updateTargetSchema: () => z.ZodType<UpdateTarget> = onDemand(() =>
  z.strictObject({
    name: z.string().regex(namePattern),
    version: z.string().regex(semverPattern).max(64),
    digest: z.string().regex(sha256Pattern),
  }),
);

/** Path of a bundle's tar among the targets. */
export function updateTargetPath(name: string, version: string): string {
  return `${name}/${version}.tar`;
}

/**
 * Member of every signed metadata file: when it was signed (ISO 8601, UTC). TUF says only until when a file is good;
 * with this a client knows that time cannot be earlier, whatever its own clock says.
 */
export const issuedMember = "x-aurora-issued";
