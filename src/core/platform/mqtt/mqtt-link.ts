/** One connection to an MQTT broker, from the first byte to its loss: what `mqtt-client.ts` opens again and again. Declares shapes only. */

/** 5 is MQTT 5, 4 is MQTT 3.1.1. */
export type MqttVersion = 5 | 4;

/** Quality of service; 2 is not used here: records are deduplicated end to end. */
export type MqttQos = 0 | 1;

/** How a message is sent. */
export interface PublishOptions {
  readonly qos: MqttQos;
  readonly retain: boolean;
}

/** How a connection ended. */
export interface LinkLoss {
  /** `refused`: the broker said no (bad password, not authorised). `version`: it does not speak this version. */
  readonly reason: "closed" | "refused" | "version" | "packet-too-large" | "silent";
  readonly detail: string;
}

/** A connection. Callbacks are called once each, with an error or null; none comes after the loss. */
export interface MqttLink {
  publish(
    topic: string,
    payload: Uint8Array,
    options: PublishOptions,
    done: (error: Error | null) => void,
  ): void;
  subscribe(filter: string, qos: MqttQos, done: (error: Error | null) => void): void;
  unsubscribe(filter: string, done: (error: Error | null) => void): void;
  /** Says goodbye; the loss follows. */
  end(): void;
  /** Cuts the connection without a word (the broker sends the last will); the loss follows. */
  cut(loss: LinkLoss): void;
}

/** What a connection tells its owner. */
export interface MqttLinkEvents {
  onConnect(): void;
  onMessage(topic: string, payload: Uint8Array, retain: boolean): void;
  /** Exactly once, last; never before `openLink` has returned. */
  onLoss(loss: LinkLoss): void;
}

/** Begins to open a connection. Never throws for reasons of the network. */
export type OpenLink = (version: MqttVersion, events: MqttLinkEvents) => MqttLink;
