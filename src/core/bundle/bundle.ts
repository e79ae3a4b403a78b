/** What a bundle is once it is in memory, how large one may be, and which files it always has. */
import type { Manifest } from "../contract/bundle/manifest.ts";

export const manifestFileName = "manifest.json";
export const signatureFileName = "manifest.dsse.json";

/** Bounds on what is read; a larger bundle is refused before it fills the memory. */
export const bundleLimits = {
  manifestBytes: 1_048_576,
  signatureBytes: 16_384,
  /** Of all files together, manifest and signature included: 64 MiB. */
  totalBytes: 67_108_864,
} as const;

/** A bundle whose files are those that its manifest lists, every digest checked. Says nothing about who made it. */
export interface Bundle {
  readonly manifest: Manifest;
  /** SHA-256 of `manifest.json`, lower-case hex; names the whole content. */
  readonly digest: string;
  /** Every file that the manifest lists, by name. These bytes were checked; use them, don't read the disk again. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly manifestBytes: Uint8Array;
  readonly signatureBytes: Uint8Array;
}

/** A bundle that trusted keys have signed. */
export interface VerifiedBundle extends Bundle {
  /** Ids of the trusted keys that signed it, at least one. */
  readonly signedBy: readonly string[];
}
