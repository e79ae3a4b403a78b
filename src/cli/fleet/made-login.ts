/** What somebody who was enrolled logs in to the broker with: names and paths, no secret. */
import { join } from "node:path";
import { parse } from "yaml";
import type { BrokerLoginConfig } from "../../core/contract/config/config-parts.ts";

/** Whose, where it is, and what a configuration says of it. */
export interface MadeLogin {
  readonly id: string;
  readonly dir: string;
  /** The name that the broker knows: the user's, or of a certificate its common name. */
  readonly user: string;
  /** As the configuration has it. */
  readonly mqtt: BrokerLoginConfig;
}

/** A gateway's, with those of its devices that speak MQTT themselves. */
export interface MadeGatewayLogin extends MadeLogin {
  /** Key that it checks the collector's acknowledgements with: `uplink.ackKeyFile`. */
  readonly ackKeyFile: string;
  readonly devices: readonly MadeLogin[];
}

/** Describes what was made in the owner's folder. @param tlsHost null: a password; else a certificate */
export function describeLogin(owner: Omit<MadeLogin, "mqtt">, tlsHost: string | null): MadeLogin {
  const at = (name: string): string => join(owner.dir, name);
  const none: BrokerLoginConfig = {
    username: null,
    passwordFile: null,
    caFile: null,
    certFile: null,
    keyFile: null,
  };
  const login =
    tlsHost === null
      ? { username: owner.user, passwordFile: at("mqtt.password") }
      : { caFile: at("ca.pem"), certFile: at("cert.pem"), keyFile: at("key.pem") };
  return { ...owner, mqtt: { ...none, ...login } };
}

/** What stands in the braces of `mqtt: { … }`. */
export function renderLogin({ mqtt }: Pick<MadeLogin, "mqtt">): string {
  return Object.entries(mqtt)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}: ${renderYamlText(value ?? "")}`)
    .join(", ");
}

/** A text as a value in braces: as it is where YAML reads it so, else in quotes, as 1001, true and what has a comma in it. */
export function renderYamlText(text: string): string {
  return isPlainYaml(text) ? text : JSON.stringify(text);
}

function isPlainYaml(text: string): boolean {
  try {
    const read: unknown = parse(`{ key: ${text}, next: 0 }`, { maxAliasCount: 0, logLevel: "error" });
    return JSON.stringify(read) === JSON.stringify({ key: text, next: 0 });
  } catch {
    return false;
  }
}
