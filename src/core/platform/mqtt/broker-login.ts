/** Reads how a configuration says that a broker is logged in to: user name, password, authorities, client certificate. */
import { AuroraError } from "../../contract/aurora-error.ts";
import type { BrokerLoginConfig } from "../../contract/config/config-parts.ts";
import { readConfiguredText } from "../files/configured-text.ts";
import type { MqttClientOptions } from "./mqtt-client.ts";

/** The part of a client's options that is read. */
export type BrokerLogin = Pick<MqttClientOptions, "username" | "password" | "tls">;

/** Many authorities in one file. */
const maxPemBytes = 4 * 1024 * 1024;
const maxPasswordBytes = 1024;

/**
 * Reads what the configuration names.
 * @param password in place of the password file; undefined: the file's
 * @throws AuroraError CONFIG_INVALID for a file that cannot be read, and for a certificate without its key.
 */
export async function readBrokerLogin(config: BrokerLoginConfig, password?: string): Promise<BrokerLogin> {
  const { username, passwordFile, caFile, certFile, keyFile } = config;
  if ((certFile === null) !== (keyFile === null)) {
    const [given, missing] = certFile === null ? ["keyFile", "certFile"] : ["certFile", "keyFile"];
    throw new AuroraError("CONFIG_INVALID", `mqtt.${given} is there without mqtt.${missing}`, {
      op: "log in to broker",
      hint: "A client certificate needs its key, and a key its certificate.",
    });
  }
  const [secret, ca, cert, key] = await Promise.all([
    password ?? readText(passwordFile, maxPasswordBytes),
    readText(caFile, maxPemBytes),
    readText(certFile, maxPemBytes),
    readText(keyFile, maxPemBytes),
  ]);
  return {
    ...(username === null ? {} : { username }),
    ...(secret === null ? {} : { password: secret.trim() }),
    ...(ca === null && cert === null
      ? {}
      : {
          tls: {
            ...(ca === null ? {} : { ca }),
            ...(cert === null || key === null ? {} : { cert, key }),
          },
        }),
  };
}

async function readText(path: string | null, maxBytes: number): Promise<string | null> {
  return path === null ? null : readConfiguredText(path, maxBytes);
}
