/** What a bundle is once it is in memory, how large one may be, and which files it always has. */
import type { Manifest } from "../contract/bundle/manifest.ts";

export const manifestFileName = "manifest.json";
export const signatureFileName = "manifest.dsse.json";

/** Bounds on what is read; a larger bundle is refused before it fills the memory. */
export interface BundleLimits {
  readonly manifestBytes: number;
  readonly signatureBytes: number;
  /** Of all files together, manifest and signature included. */
  readonly totalBytes: number;
}

/** 1 MiB of manifest, 16 KiB of signatures, 64 MiB in all. */
export const defaultBundleLimits: BundleLimits = {
  manifestBytes: 1 << 20,
  signatureBytes: 1 << 14,
  totalBytes: 64 << 20,
};

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
