/**
 * Notices two gateways that speak under one id: a process that was followed by another and says something new. A restart
 * never comes back, nor does a card that was swapped, and what a broker delivers again is nothing new. Stores nothing.
 */
import type { GatewayStatus } from "../../core/contract/turbine-state.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { Metrics } from "../../core/platform/metrics.ts";

/**
 * Takes each status that was read, in the order of their coming. Is it a sign of two?
 * @param retained kept by the broker, maybe for longer than the process lived: no sign
 */
export type CloneWatch = (status: GatewayStatus, retained: boolean) => boolean;

interface Speakers {
  /** What each process said last, by its own clock; the one that spoke last is the last. */
  readonly said: ReadonlyMap<string, string | null>;
  readonly toldMs: number;
}

const tellAgainMs = 3_600_000;
/** Processes of a gateway that are remembered: so many copies of a card are found out. */
const maxSpeakers = 4;
/** Gateways that are followed at once; the one followed for longest goes. */
const maxGateways = 200_000;

/** Creates a watch that has heard nobody. */
export function createCloneWatch(options: {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): CloneWatch {
  const { clock, logger } = options;
  const followed = new Map<string, Speakers>();
  const clonesTotal = options.metrics.counter({
    name: "gateway_clones_total",
    help: "Times that a gateway spoke again after another under its id had",
    labels: [],
  });
  const tell = (gateway: string, toldMs: number): number => {
    clonesTotal.add(1, {});
    const nowMs = clock.monotonicMs();
    if (nowMs - toldMs < tellAgainMs) return toldMs;
    logger.error("two gateways log in under one id, and each ends the other's connection: a copied card?", {
      gateway,
      hint: "Give one of them an id and an enrolment of its own (gateway.id).",
    });
    return nowMs;
  };
  return ({ gateway, online, instance, time }, retained) => {
    // A last will may come late.
    if (!online || instance === undefined || instance === null) return false;
    const known = followed.get(gateway);
    if (known !== undefined && retained) return false;
    const said = new Map(known?.said);
    const isKnown = said.has(instance);
    if (isKnown && said.get(instance) === time) return false;
    const isBack = isKnown && [...said.keys()].at(-1) !== instance;
    let toldMs = known?.toldMs ?? Number.NEGATIVE_INFINITY;
    if (isBack) toldMs = tell(gateway, toldMs);
    said.delete(instance);
    said.set(instance, time);
    dropOldest(said, maxSpeakers);
    followed.delete(gateway);
    followed.set(gateway, { said, toldMs });
    dropOldest(followed, maxGateways);
    return isBack;
  };
}

function dropOldest(entries: Map<string, unknown>, most: number): void {
  for (const first of entries.keys()) {
    if (entries.size <= most) return;
    entries.delete(first);
  }
}
