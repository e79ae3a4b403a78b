/** A broker inside a test: the little of MQTT that a link uses. */
import type { MqttPort } from "../../firmware-bridge/framing/mqtt-link.ts";

/** The broker and what a test may do to it. */
export interface MemoryBroker {
  /** A client's port; each has its own connection. */
  connect(): MqttPort;
  /** Delivers any bytes as if somebody had published them. */
  inject(topic: string, payload: Uint8Array, retain?: boolean): void;
  /** Connects everybody again. */
  restart(): void;
  /** Ends every connection. */
  stop(): void;
  /** Everything that was published. */
  readonly published: { topic: string; payload: Uint8Array; qos: number; retain: boolean }[];
}

/** Creates a running broker. */
export function createMemoryBroker(): MemoryBroker {
  type Handler = (topic: string, payload: Uint8Array, retain: boolean) => void;
  const subscriptions: { filter: string; handler: Handler }[] = [];
  const connectCallbacks = new Set<() => void>();
  const lossCallbacks = new Set<(loss: { readonly detail: string }) => void>();
  const published: MemoryBroker["published"] = [];
  let running = true;
  const inject: MemoryBroker["inject"] = (topic, payload, retain = false) => {
    for (const { filter, handler } of subscriptions) if (filter === topic) handler(topic, payload, retain);
  };
  return {
    published,
    inject,
    connect: () => ({
      publish: async (topic, payload, { qos, retain }) => {
        if (!running) throw new Error("not connected");
        published.push({ topic, payload, qos, retain });
        await new Promise((resolve) => setImmediate(resolve));
        inject(topic, payload, retain);
      },
      subscribe: async (filter, _qos, handler) => {
        subscriptions.push({ filter, handler });
      },
      get connected() {
        return running;
      },
      onConnect: (callback) => {
        connectCallbacks.add(callback);
        return () => connectCallbacks.delete(callback);
      },
      onDisconnect: (callback) => {
        lossCallbacks.add(callback);
        return () => lossCallbacks.delete(callback);
      },
    }),
    restart: () => {
      running = true;
      for (const callback of connectCallbacks) callback();
    },
    stop: () => {
      running = false;
      for (const callback of lossCallbacks) callback({ detail: "the broker stopped" });
    },
  };
}
