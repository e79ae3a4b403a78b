/**
 * The windows that a baseline is being learnt from, over a time of any length in bounded memory: blocks of neighbours are kept, and every
 * second block is let go when there are too many, so that what is kept always spans all of it. Judges none.
 */
import type { BaselineSnapshot } from "./baseline-snapshot.ts";
import type { LearntWindow } from "./baseline-status.ts";
import type { HealthyWindow } from "./fit-site-baseline.ts";
import { baselineBlockWindows } from "./fit-wander.ts";
import { type HeardTime, hearAll, hearOn, nothingHeard } from "./heard-time.ts";
import { createKeptWindows, type KeptWindows } from "./kept-windows.ts";

/** Blocks that are kept at most: 512 windows. */
const maxBlocks = 32;

export interface GatheredWindows {
  /** Windows that were heard, kept or not. */
  readonly seen: number;
  /** Begin of the first, epoch ms; null: none yet. */
  readonly firstMs: number | null;
  readonly heard: HeardTime;
  /** Of those that are kept. */
  readonly length: number;
  /** Is the last window heard the last of its block? */
  readonly isBlockOver: boolean;
  /** Every so many blocks one is kept. */
  readonly stride: number;
  /** Those that are kept, in the order of time; valid until the next change. */
  list(): readonly HealthyWindow[];
  /** One window further; `features` stay with the first of a block. */
  gather(window: Omit<HealthyWindow, "features">, features: LearntWindow["features"]): void;
  /** Lets go of those that are kept for whose place `isWanted` says no, as if they had not been heard. */
  retain(isWanted: (place: number) => boolean): void;
  /** Lets go of the older half of the blocks. */
  letGoOfHalf(): void;
  clear(): void;
  snapshot(): Pick<BaselineSnapshot, "kept" | "stride">;
}

/** Begins with what the last run kept. */
export function createGatheredWindows(snapshot?: BaselineSnapshot): GatheredWindows {
  return new Gathered(snapshot);
}

class Gathered implements GatheredWindows {
  readonly #kept: KeptWindows;
  seen: number;
  firstMs: number | null;
  heard: HeardTime;
  /** A power of two. */
  stride: number;

  constructor(snapshot: BaselineSnapshot | undefined) {
    this.#kept = createKeptWindows(snapshot?.kept);
    this.seen = snapshot?.seen ?? 0;
    this.stride = snapshot?.stride ?? 1;
    this.firstMs = snapshot?.firstMs ?? null;
    this.heard = snapshot?.heard ?? hearAll(this.#kept.begins());
  }

  get length(): number {
    return this.#kept.length;
  }

  get isBlockOver(): boolean {
    return this.seen % baselineBlockWindows === 0;
  }

  list(): readonly HealthyWindow[] {
    return this.#kept.list();
  }

  gather(window: Omit<HealthyWindow, "features">, features: LearntWindow["features"]): void {
    const kept = this.#kept;
    const block = Math.floor(this.seen / baselineBlockWindows);
    const isFirst = this.seen % baselineBlockWindows === 0;
    this.seen++;
    this.firstMs ??= window.fromMs;
    this.heard = hearOn(this.heard, window.fromMs);
    if (block % this.stride !== 0) return;
    const isKnown = isFirst && features !== undefined && features.length > 0;
    const { fromMs, toMs, shaftRpm, levels, logits, explained, isPooled } = window;
    // With every key: what is spread has a hidden class of its own.
    const known = isKnown ? features : undefined;
    kept.push({ fromMs, toMs, shaftRpm, levels, logits, explained, isPooled, features: known });
    if (kept.length < maxBlocks * baselineBlockWindows) return;
    kept.retain((place) => Math.floor(place / baselineBlockWindows) % 2 === 0);
    this.stride *= 2;
  }

  retain(isWanted: (place: number) => boolean): void {
    const kept = this.#kept;
    kept.retain(isWanted);
    if (kept.length === 0) this.stride = 1;
    // A block begins with the next window, as each fit comes at the end of one.
    this.seen = Math.floor(kept.length / baselineBlockWindows) * baselineBlockWindows * this.stride;
    this.firstMs = kept.begins()[0] ?? null;
    this.heard = hearAll(kept.begins());
  }

  letGoOfHalf(): void {
    const half = Math.ceil(this.length / 2 / baselineBlockWindows) * baselineBlockWindows;
    this.retain((place) => place >= half);
  }

  clear(): void {
    this.#kept.clear();
    this.seen = 0;
    this.stride = 1;
    this.firstMs = null;
    this.heard = nothingHeard;
  }

  snapshot(): ReturnType<GatheredWindows["snapshot"]> {
    return { kept: this.#kept.snapshot(), stride: this.stride };
  }
}
