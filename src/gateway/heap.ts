/** How large a gateway's heap may be (ADR 58). Only of a gateway: what lives in it stays small. */
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";

/**
 * It may grow by a tenth and 8 MB above what lived in it when it was last collected, instead of to twice as much. What lives is marked
 * by the main thread in steps of a millisecond: beside other threads that mark, it steps in with 15 to 25 ms at once where they fall behind.
 * The middle compiler, which Nodes from 22 on have, inlines nothing: that takes 5 MB while it works, which stay, and saves no time.
 */
const flags: readonly string[] = [
  "--heap-growing-percent=10",
  "--no-concurrent-marking",
  "--no-maglev-inlining",
];
/**
 * In the small profile V8 also favours size: its young generation grows no further, it keeps no code in the form between bytecode and
 * optimised code, which is large, and at each full collection leaves no gaps and forgets the bytecode that has not run since the last. It
 * goes without the middle compiler, which leaves 14 MB behind.
 */
const flagsOfSmall: readonly string[] = [
  "--optimize-for-size",
  "--semi-space-growth-factor=1",
  "--no-sparkplug",
  "--no-maglev",
  "--flush-baseline-code",
  "--compact-on-every-full-gc",
  "--bytecode-old-age=1",
];

/** Sets the flags of V8 for what follows. */
export function boundHeap(profile: GatewayConfig["gateway"]["profile"]): void {
  for (const flag of profile === "small" ? [...flags, ...flagsOfSmall] : flags) setFlagsFromString(flag);
}

/**
 * Takes away what only the start needed. How far the heap may grow is reckoned at a full collection: without one, what held
 * before the flags were set would hold for the first minutes under load.
 */
export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
}

/** Bytes by which a heap has grown since it was last collected when {@link collectEarly} does it again. */
const earlyBytes = 3_000_000;
const lookEveryMs = 1000;

/**
 * Collects as soon as a few megabytes have gathered, as long as the process runs: V8 waits for more, and while it marks in small
 * steps it lets yet more gather. For the small profile: it pauses for tens of milliseconds, twice a minute under full load.
 */
export function collectEarly(): void {
  let least = getHeapStatistics().used_heap_size;
  const look = (): void => {
    const used = getHeapStatistics().used_heap_size;
    least = Math.min(least, used);
    if (used < least + earlyBytes) return;
    collectGarbage();
    least = getHeapStatistics().used_heap_size;
  };
  setInterval(look, lookEveryMs).unref();
}
