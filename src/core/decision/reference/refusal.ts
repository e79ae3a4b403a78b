/**
 * A machine that looks faulty while it is learnt gets no baseline: what a fault is like must not become what is healthy. How
 * it scores then is known all the same, and a fault that grows above that is heard. How loud it is then is not held
 * against it: that takes more steadiness than a refusal asks for.
 */
import type { SiteBaseline } from "../../contract/site-baseline.ts";
import type { BaselineSnapshot } from "./baseline-snapshot.ts";
import { toOneShape } from "./refine-baseline.ts";

/** What was refused as a baseline. */
export interface Refusal {
  /** Of the last that was tried; null: it did not look faulty. */
  readonly detail: string | null;
  /** How the machine is, until there is a baseline; null: nothing was refused, or nobody kept it. */
  readonly doubted: SiteBaseline | null;
}

/** Nothing was refused. */
export const noRefusal: Refusal = { detail: null, doubted: null };

/**
 * Refused once more. While the machine is steady what is known of it is refined until it is final, as a provisional baseline is: a fault
 * that grows must not take it along, and of one that grew meanwhile nothing is known.
 */
export function refuseBaseline(
  { doubted }: Refusal,
  { detail, baseline }: { readonly detail: string; readonly baseline: SiteBaseline },
  isFinal: boolean,
): Refusal {
  const isUnsteady = baseline.suspicions.length > 0;
  if (isUnsteady || (doubted !== null && doubted.isProvisional !== true)) return { detail, doubted };
  const levels = baseline.levels.map(() => null);
  const next = { ...baseline, levels, severity: undefined, featureRows: undefined, isProvisional: !isFinal };
  return { detail, doubted: toOneShape(next) };
}

/** As a snapshot says. */
export function restoreRefusal({ refusal, doubted }: Partial<BaselineSnapshot>): Refusal {
  return { detail: refusal ?? null, doubted: doubted === undefined ? null : toOneShape(doubted) };
}

/** As it is written down. */
export function describeRefusal({ detail, doubted }: Refusal): Pick<BaselineSnapshot, "refusal" | "doubted"> {
  return {
    ...(detail === null ? {} : { refusal: detail }),
    ...(doubted === null ? {} : { doubted }),
  };
}
