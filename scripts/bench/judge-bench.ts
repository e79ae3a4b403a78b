/**
 * What a run of `npm run bench` says at its end. Wrong is what makes it fail: decisions that differ, more memory than may be, a gateway
 * too slow beside the peer in turns with it. Other limits are of speed by a clock, or not reached yet: those are only told.
 */
import type { IngestReport } from "./bench-ingest.ts";
import type { LinkFigures } from "./bench-link.ts";
import type { McuBench } from "./bench-mcu.ts";
import type { PeerReport } from "./bench-peer.ts";
import type { GatewayReport } from "./measure-gateway.ts";
import type { GrowthReport } from "./measure-growth.ts";
import type { MemoryReport } from "./measure-memory.ts";
import type { WorkersReport } from "./measure-workers.ts";

/** What was measured. */
export interface BenchReports {
  readonly gateway?: Pick<GatewayReport, "decisionsEqual"> | undefined;
  readonly workers?: Pick<WorkersReport, "decisionsEqual" | "missing"> | undefined;
  readonly link?: Pick<LinkFigures, "missing"> | undefined;
  readonly mcu?: McuBench | undefined;
  readonly ingest?: Pick<IngestReport, "skipped"> | undefined;
  readonly memory?: Pick<MemoryReport, "missed" | "wrong"> | undefined;
  readonly growth?: Pick<GrowthReport, "missed"> | undefined;
  readonly peer?: Pick<PeerReport, "missed" | "isBelowMust" | "decisionsEqual" | "skipped"> | undefined;
}

/** The end of a run. */
export interface BenchVerdict {
  /** Limits that do not hold, also those of `wrong`. */
  readonly missed: readonly string[];
  readonly wrong: readonly string[];
  /** What was not measured, and why. */
  readonly skipped: readonly (readonly [name: string, why: string])[];
}

/** Puts together what the parts miss. */
export function judgeBench({
  gateway,
  workers,
  link,
  mcu,
  ingest,
  memory,
  growth,
  peer,
}: BenchReports): BenchVerdict {
  const wrong = [...(memory?.wrong ?? [])];
  if (peer?.isBelowMust) wrong.push(...(peer.missed ?? []));
  if ([gateway, workers, peer].some((part) => part?.decisionsEqual === false))
    wrong.push(
      "the decisions at full speed, with workers or without, differ from those of the unhurried run",
    );
  const skipped: [string, string][] = [];
  if (mcu !== undefined && "skipped" in mcu) skipped.push(["microcontrollers", mcu.skipped]);
  if (link !== undefined && link.missing.length > 0)
    skipped.push(["device link", `missing ${link.missing.join(", ")}`]);
  if (typeof ingest?.skipped === "string") skipped.push(["ingest", ingest.skipped]);
  if (peer?.skipped !== undefined) skipped.push(["peer", peer.skipped]);
  const missed = [
    ...(workers?.missing ?? []),
    ...(memory?.missed ?? []),
    ...(growth?.missed ?? []),
    ...(peer?.missed ?? []),
  ];
  return { missed, wrong, skipped };
}
