/**
 * What a run of `npm run bench` says at its end. Wrong is what makes it fail: decisions that differ or hold no alarm, a peer that
 * scores otherwise, more memory than may be, a gateway too slow beside the peer in turns with it. Other limits are of speed by a
 * clock, or not reached yet: those are only told.
 */
import type { IngestReport } from "./bench-ingest.ts";
import type { LinkFigures } from "./bench-link.ts";
import type { McuBench } from "./bench-mcu.ts";
import type { PeerReport } from "./bench-peer.ts";
import type { GatewayReport } from "./measure-gateway.ts";
import type { GrowthReport } from "./measure-growth.ts";
import type { MemoryReport } from "./measure-memory.ts";
import type { StartReport } from "./measure-starts.ts";
import type { WorkersReport } from "./measure-workers.ts";

/** What was measured. */
export interface BenchReports {
  readonly gateway?: Pick<GatewayReport, "decisionsEqual" | "alarms"> | undefined;
  readonly workers?: Pick<WorkersReport, "decisionsEqual" | "alarms" | "missing"> | undefined;
  readonly "first-minutes"?: Pick<WorkersReport, "decisionsEqual" | "alarms"> | undefined;
  readonly start?: Pick<StartReport, "missed"> | undefined;
  readonly link?: Pick<LinkFigures, "missing"> | undefined;
  readonly mcu?: McuBench | undefined;
  readonly ingest?: Pick<IngestReport, "skipped"> | undefined;
  readonly memory?: Pick<MemoryReport, "missed" | "wrong"> | undefined;
  readonly growth?: Pick<GrowthReport, "missed"> | undefined;
  readonly peer?:
    | Pick<
        PeerReport,
        "missed" | "isBelowMust" | "decisionsEqual" | "alarms" | "peerScoresWithinToleranceShare" | "skipped"
      >
    | undefined;
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
  "first-minutes": firstMinutes,
  start,
  link,
  mcu,
  ingest,
  memory,
  growth,
  peer,
}: BenchReports): BenchVerdict {
  const wrong = [...(memory?.wrong ?? [])];
  if (peer?.isBelowMust) wrong.push(...(peer.missed ?? []));
  if ([gateway, workers, firstMinutes, peer].some((part) => part?.decisionsEqual === false))
    wrong.push(
      "the decisions at full speed, with workers or without, differ from those of the unhurried run",
    );
  if ([gateway, workers, firstMinutes, peer].some((part) => part?.alarms?.some((alarms) => !(alarms > 0))))
    wrong.push("a fault that grew raised no alarm: the decisions that were compared hold none");
  const alike = peer?.peerScoresWithinToleranceShare ?? 1;
  if (!(alike >= 1)) wrong.push(`of the peer's scores ${alike} are the gateway's: it does other work`);
  const skipped: [string, string][] = [];
  if (mcu !== undefined && "skipped" in mcu) skipped.push(["microcontrollers", mcu.skipped]);
  if (link !== undefined && link.missing.length > 0)
    skipped.push(["device link", `missing ${link.missing.join(", ")}`]);
  if (typeof ingest?.skipped === "string") skipped.push(["ingest", ingest.skipped]);
  if (peer?.skipped !== undefined) skipped.push(["peer", peer.skipped]);
  const missed = [
    ...(workers?.missing ?? []),
    ...(start?.missed ?? []),
    ...(memory?.missed ?? []),
    ...(growth?.missed ?? []),
    ...(peer?.missed ?? []),
  ];
  return { missed, wrong, skipped };
}
