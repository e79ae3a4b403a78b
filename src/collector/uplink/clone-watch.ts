/**
 * Notices two gateways that speak under one id: a process that was followed by another and is back again. A restart never
 * comes back. Stores nothing.
 */
import type { GatewayStatus } from "../../core/contract/turbine-state.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { Metrics } from "../../core/platform/metrics.ts";

/** Takes each status that was read, in the order of their coming. */
export type CloneWatch = (status: GatewayStatus) => void;

interface Speakers {
  readonly newest: string;
  /** The one before, until it has been back. */
  readonly before: string | null;
  readonly saidMs: number;
}

const sayAgainMs = 3_600_000;
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
  return ({ gateway, online, instance }) => {
    // A last will may come late.
    if (!online || instance === undefined || instance === null) return;
    const known = followed.get(gateway);
    if (known?.newest === instance) return;
    let saidMs = known?.saidMs ?? Number.NEGATIVE_INFINITY;
    if (known?.before === instance) {
      clonesTotal.add(1, {});
      const nowMs = clock.monotonicMs();
      if (nowMs - saidMs >= sayAgainMs) {
        saidMs = nowMs;
        logger.error(
          "two gateways log in under one id, and each ends the other's connection: a copied card?",
          {
            gateway,
            hint: "Give one of them an id and an enrolment of its own (gateway.id).",
          },
        );
      }
    }
    followed.delete(gateway);
    followed.set(gateway, { newest: instance, before: known?.newest ?? null, saidMs });
    if (followed.size <= maxGateways) return;
    for (const first of followed.keys()) {
      followed.delete(first);
      break;
    }
  };
}
