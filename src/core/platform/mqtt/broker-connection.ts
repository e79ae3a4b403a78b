/**
 * One connection to an MQTT broker, from the first byte to its loss, as `mqtt-client.ts` opens it again and again; and
 * the pure rule by which the next attempt's version of MQTT is chosen. Opens nothing itself.
 */

/** 5 is MQTT 5, 4 is MQTT 3.1.1. */
export type MqttVersion = 5 | 4;

/** Quality of service; 2 is not used here: records are deduplicated end to end. */
export type MqttQos = 0 | 1;

export interface PublishOptions {
  readonly qos: MqttQos;
  readonly retain: boolean;
}

interface BrokerMessage extends PublishOptions {
  readonly topic: string;
  readonly payload: Uint8Array;
}

export interface ConnectionLoss {
  /**
   * `refused`: the broker said no (bad password, not authorised). `version`: it does not speak this version. `taken-over`:
   * another connection with this client's id came, and the broker said so, which MQTT 3.1.1 cannot.
   */
  readonly reason: "closed" | "refused" | "version" | "packet-too-large" | "silent" | "taken-over";
  readonly detail: string;
  /** What to do about it, where that is known. */
  readonly hint?: string;
}

/** A connection. Callbacks are called once each, with an error or null; none comes after the loss. */
export interface BrokerConnection {
  /** Bytes that the broker has sent. */
  readonly bytesHeard: number;
  publish(message: BrokerMessage, done: (error: Error | null) => void): void;
  subscribe(filter: string, qos: MqttQos, done: (error: Error | null) => void): void;
  unsubscribe(filter: string, done: (error: Error | null) => void): void;
  /** Says goodbye; the loss follows. */
  end(): void;
  /** Cuts the connection without a word (the broker sends the last will); the loss follows. */
  cut(loss: ConnectionLoss): void;
}

/** What a connection tells its owner. */
export interface BrokerConnectionEvents {
  /** @param largestPacketBytes that the broker says it takes (MQTT 5 section 3.2.2.3.6); left out: it states none */
  onConnect(largestPacketBytes?: number): void;
  onMessage(topic: string, payload: Uint8Array, retain: boolean): void;
  /** Exactly once, last; never before `openConnection` has returned. */
  onLoss(loss: ConnectionLoss): void;
}

/** Begins to open a connection. Never throws for reasons of the network. */
export type OpenBrokerConnection = (version: MqttVersion, events: BrokerConnectionEvents) => BrokerConnection;

interface MqttAttempt {
  readonly version: MqttVersion;
  readonly wasConnected: boolean;
  readonly lossReason: ConnectionLoss["reason"];
}

interface NextMqttVersion {
  readonly version: MqttVersion;
  /** The broker said that it does not speak the last one: no need to wait. Its loss in turn does wait, so this cannot spin. */
  readonly isFallback: boolean;
}

/** Chooses. On `auto` a broker is asked for 5 first, and again whenever 3.1.1 did not connect either. */
export function chooseMqttVersion(setting: "auto" | MqttVersion, last: MqttAttempt): NextMqttVersion {
  if (setting !== "auto") return { version: setting, isFallback: false };
  if (last.lossReason === "version") return { version: 4, isFallback: true };
  const version = last.wasConnected ? last.version : 5;
  return { version, isFallback: false };
}
