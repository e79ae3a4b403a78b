/** The names under which a gateway's state keeps what a point has learnt. */
import type { PointId } from "../../core/contract/stream.ts";
import { nameComponent } from "../record/read-kept.ts";

/** Under which the state keeps a point's baseline. */
export function baselineKey(point: PointId): string {
  return `baseline/${nameComponent(point)}`;
}

/** Under which it keeps the trend of its severity. */
export function outlookKey(point: PointId): string {
  return `outlook/${nameComponent(point)}`;
}

/** Whether a fault was found, as was told last: the same inspection is not told again after a restart. */
export function outcomeKey(point: PointId): string {
  return `outcome/${nameComponent(point)}`;
}
