/**
 * Says of revoked gateways that they are offline: from the moment of its revocation a gateway may not say so itself, nor may its last
 * will, and its retained status would say for ever that it is online. Says nothing of one whose status is offline, or not known.
 */
import type { Topics } from "../../core/contract/topics.ts";
import type { GatewayStatus } from "../../core/contract/turbine-state.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import type { EnrolledSites } from "./gateway-sites.ts";

interface RevokedStatuses {
  /** A gateway's status, as it comes from the broker, retained or not. */
  note(status: GatewayStatus): void;
  /** Tells of those that have been revoked meanwhile; what the broker does not take is tried again by the next call. Never rejects. */
  tell(): Promise<void>;
}

/** So many are noted before those of the list alone: a gateway may be online before the list that names it is here. */
const mostOnline = 100_000;

/** Creates it knowing no status. */
export function createRevokedStatuses({
  sites,
  topics,
  publish,
  logger,
}: {
  readonly sites: Pick<EnrolledSites, "get" | "isRevoked">;
  readonly topics: Pick<Topics, "status">;
  readonly publish: MqttClient["publish"];
  readonly logger: Logger;
}): RevokedStatuses {
  const online = new Set<string>();
  let isRefused = false;
  return {
    note: ({ gateway, online: isOnline }) => {
      const isListed = sites.isRevoked(gateway) || sites.get(gateway) !== null;
      if (!isOnline) online.delete(gateway);
      else if (isListed || online.size < mostOnline) online.add(gateway);
    },
    tell: async () => {
      for (const gateway of online) {
        if (!sites.isRevoked(gateway)) continue;
        const offline: GatewayStatus = { gateway, online: false, time: null, version: null, config: null };
        try {
          await publish(topics.status(gateway), JSON.stringify(offline), { qos: 1, retain: true });
          online.delete(gateway);
          isRefused = false;
          logger.info("a revoked gateway's status is offline now", { gateway });
        } catch (error) {
          if (!isRefused) {
            const hint = "Let the broker read the access lists again that `aurora fleet revoke` wrote.";
            logger.warn("a revoked gateway's status still says that it is online", { gateway, hint, error });
          }
          isRefused = true;
        }
      }
    },
  };
}
