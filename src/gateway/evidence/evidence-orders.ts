/** Hears what the collector says of evidence: receipts for what was sent, and what people ask for. Obeys nothing itself. */
import {
  type EvidenceOrder,
  type EvidenceReceipt,
  type EvidenceRequest,
  evidenceOrderSchema,
} from "../../core/contract/evidence.ts";
import { parseJsonBytes } from "../../core/platform/files/parse-json.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";

const maxOrderBytes = 4_096;

/** Messages that were not obeyed; whoever may write to the topic can send any number of them. */
interface OrderCounts {
  readonly notUnderstood: number;
  readonly notOfCollector: number;
}

/** Subscribes. Returns what it counts; the log is told of the first of a kind. */
export async function listenToOrders(
  { mqtt, logger }: { readonly mqtt: Pick<MqttClient, "subscribe">; readonly logger: Logger },
  to: {
    readonly topic: string;
    /** Does it come from the collector of the enrolment? Undefined: there is no key to tell by. */
    readonly isAuthentic: ((order: EvidenceOrder) => boolean) | undefined;
    readonly onReceipt: (receipt: EvidenceReceipt) => void;
    readonly onRequest: (request: EvidenceRequest) => void;
  },
): Promise<() => OrderCounts> {
  const { topic } = to;
  const counts = { notUnderstood: 0, notOfCollector: 0 };
  const count = (kind: keyof OrderCounts, message: string): void => {
    counts[kind] += 1;
    if (counts[kind] === 1) logger.warn(`${message}; further ones are counted`, { topic });
  };
  const accept = (_topic: string, payload: Uint8Array): void => {
    const said = payload.length > maxOrderBytes ? undefined : parseJsonBytes(payload);
    const order = evidenceOrderSchema().safeParse(said);
    if (!order.success) count("notUnderstood", "something on the evidence topic was not understood");
    else if (to.isAuthentic?.(order.data) === false)
      count("notOfCollector", "something on the evidence topic is not of the enrolment's collector");
    else if (order.data.type === "receipt") to.onReceipt(order.data);
    else to.onRequest(order.data);
  };
  await mqtt.subscribe(topic, 1, accept);
  return () => counts;
}
