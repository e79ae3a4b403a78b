/**
 * What a point's own days look like, between two days: needed once a day, and in three months half a megabyte of small arrays a
 * point. Held as its text, deflated. Exact both ways, as on the disk.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { SiteReference } from "../../core/drift/site-reference.ts";

/** A reference that is not needed now, and what is asked of it meanwhile. */
export interface PackedReference {
  /** Start of the last day that was assessed, epoch ms; null before the first. */
  readonly lastMs: number | null;
  /** Days that it rests on, the column that knows most. */
  readonly days: number;
  readonly text: Uint8Array;
}

/** As deflated text. */
export function packReference(reference: SiteReference): PackedReference {
  return {
    lastMs: reference.lastMs,
    days: Math.max(0, ...reference.columns.map(({ days }) => days.length)),
    // A copy of its own length: what the library gives is the beginning of 16 KiB, whatever was packed.
    text: new Uint8Array(deflateRawSync(JSON.stringify(reference))),
  };
}

/** The reference that was packed. */
export function unpackReference({ text }: PackedReference): SiteReference {
  return JSON.parse(inflateRawSync(text).toString()) as SiteReference;
}
