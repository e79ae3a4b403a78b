/** What a renewal of a point's reference says and ends, wherever it is ordered: at a gateway, or by the manifest of a replay. */
import { isSamePoint, type PointId } from "../../contract/stream.ts";
import type { RetirementOrder } from "./alarm-register.ts";

/** What somebody found who looked at the machine; undefined: nobody says. */
export type RenewalFinding = "fault" | "healthy" | undefined;

const findingWords = { fault: "found a fault, ", healthy: "found healthy, " } as const;

/** Why it is renewed: `found healthy, bearing inspected`. */
export function describeRenewalReason(found: RenewalFinding, reason: string): string {
  return `${found === undefined ? "" : findingWords[found]}${reason}`;
}

/** What became of it: `by ana: found healthy, bearing inspected (version 2 is let go)`; `letGo`: the version, 0: there was none yet. */
export function describeRenewal(by: string, why: string, letGo: number): string {
  return `by ${by}: ${why} (${letGo === 0 ? "it had none yet" : `version ${letGo} is let go`})`;
}

/** Ends the alarms of these failure modes of a point that was found healthy, and no others of its component. */
export function retireFoundHealthy(
  { point, failureModes }: { readonly point: PointId; readonly failureModes: readonly string[] },
  { by, reason, atMs }: { readonly by: string; readonly reason: string; readonly atMs: number },
): RetirementOrder {
  return {
    isOver: (alarm) => isSamePoint(alarm.point, point) && failureModes.includes(alarm.failureMode),
    atMs,
    reason: `found healthy by ${by}: ${reason}`,
  };
}

/**
 * Why a point whose sensor is deaf is not found healthy: what is vouched for is how the machine lies in its windows, and its
 * electronics' noise would be what is healthy. @param severityDb below 0; null: not known
 */
export function describeDeafSensor(severityDb: number | null): string {
  const quieter = severityDb === null ? "far" : `${Math.round(-severityDb)} dB`;
  return `hears ${quieter} less than its healthy machine`;
}
