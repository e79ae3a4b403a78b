/** What a file of samples does not say of itself: rate, shaft speed, unit, bearing, channel. */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";

/** What is known of a file's samples. */
export interface Sidecar {
  readonly rateHz: number;
  readonly shaftRpm: number;
  readonly bearing: BearingOrders;
  /** Physical value (in the bundle's unit) of the file's number 1; null: nobody knows. */
  readonly scale: number | null;
}

/** What one source says; what it does not say another may. */
export interface SidecarPart {
  readonly rateHz?: number | undefined;
  readonly shaftRpm?: number | undefined;
  readonly bearing?: BearingOrders | undefined;
  readonly scale?: number | undefined;
  readonly unit?: AccelerationUnit | undefined;
  readonly channel?: string | undefined;
}

/** All that is needed to read a file. */
export interface FileDescription {
  readonly sidecar: Sidecar;
  /** Null: the file has but one. */
  readonly channel: string | null;
}

/** Units of acceleration that files come in. */
export const accelerationUnits = ["g", "mg", "m/s2", "mm/s2"] as const;
/** One of {@link accelerationUnits}. */
export type AccelerationUnit = (typeof accelerationUnits)[number];

/** m/s² of standard gravity (ISO 80000-3). */
const standardGravity = 9.806_65;
const gravitiesOf: Readonly<Record<AccelerationUnit, number>> = {
  g: 1,
  mg: 1e-3,
  "m/s2": 1 / standardGravity,
  "mm/s2": 1e-3 / standardGravity,
};

/** Joins what the sources say of `path`; of two that say the same thing the first counts. Fails with USAGE. */
export function joinSidecar(path: string, parts: readonly SidecarPart[]): FileDescription {
  const first = <K extends keyof SidecarPart>(key: K): SidecarPart[K] =>
    parts.find((part) => part[key] !== undefined)?.[key];
  const need = <T>(value: T | undefined, what: string, hint: string): T => {
    if (value !== undefined) return value;
    throw new AuroraError("USAGE", `nothing says ${what} of ${path}`, {
      op: "read sidecar",
      subject: path,
      hint: `give ${hint}, or a ${path.replace(/\.[^./]*$/, "")}.json beside the file`,
    });
  };
  const [scale, unit] = [first("scale"), first("unit")];
  return {
    sidecar: {
      rateHz: need(first("rateHz"), "the sampling rate", "--rate-hz"),
      shaftRpm: need(first("shaftRpm"), "the shaft speed", "--shaft-rpm"),
      bearing: need(first("bearing"), "the bearing", "--bearing with orders or a file of geometries"),
      scale: scale === undefined && unit === undefined ? null : (scale ?? 1) * gravitiesOf[unit ?? "g"],
    },
    channel: first("channel") ?? null,
  };
}
