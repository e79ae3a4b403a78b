/**
 * Reads how a configuration says that a broker is logged in to: user name, password, authorities, client certificate; and
 * reads it again after an attempt that failed, so that who corrects a password need not restart anything.
 */
import { createSecureContext } from "node:tls";
import { AuroraError } from "../../contract/aurora-error.ts";
import type { BrokerLoginConfig } from "../../contract/config/config-parts.ts";
import { readConfiguredText, readPasswordFile } from "../files/configured-text.ts";
import type { BrokerConnectionEvents } from "./broker-connection.ts";
import type { MqttTls } from "./broker-socket.ts";

/** The part of a client's options that is read. */
export interface BrokerLogin extends Credentials {
  /** Reads them anew, after an attempt that failed: a password that was corrected, a certificate that was renewed. */
  readonly renewLogin?: () => Promise<Credentials>;
}

/** Who says so, and by what. */
interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: MqttTls;
}

/** Many authorities in one file. */
const maxAuthoritiesBytes = 4 * 1024 * 1024;

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
    password ?? (passwordFile === null ? null : readPasswordFile(passwordFile)),
    readText(caFile),
    readText(certFile),
    readText(keyFile),
  ]);
  return {
    renewLogin: () => readBrokerLogin(config, password),
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

async function readText(path: string | null): Promise<string | null> {
  return path === null ? null : readConfiguredText(path, maxAuthoritiesBytes);
}

/** The login of the next attempt. */
interface LoginKeeper {
  login(): Credentials;
  /** The same events; an attempt that fails has the login read again for the next one. */
  watch(events: BrokerConnectionEvents): BrokerConnectionEvents;
}

/** Creates one that begins with what was read already. */
export function createLoginKeeper(first: BrokerLogin): LoginKeeper {
  const { renewLogin } = first;
  let login: Credentials = first;
  const renew = async (): Promise<void> => {
    if (renewLogin === undefined) return;
    try {
      const read = await renewLogin();
      if (read.tls !== undefined) refuseHalves(read.tls);
      login = read;
    } catch {
      // A file that is away for now: what was read before is tried again.
    }
  };
  return {
    login: () => login,
    watch(events) {
      let connected = false;
      return {
        onConnect(largestPacketBytes) {
          connected = true;
          events.onConnect(largestPacketBytes);
        },
        onMessage: (topic, payload, retain) => events.onMessage(topic, payload, retain),
        onLoss(loss) {
          if (!connected) void renew();
          events.onLoss(loss);
        },
      };
    },
  };
}

/**
 * Certificate and key may be in the midst of being replaced: with halves of two pairs no socket can be opened. Not for a login
 * without either: where no authority is named this loads all that Node knows, 2 MB for as long as the process runs.
 */
function refuseHalves({ ca, cert, key }: MqttTls): void {
  createSecureContext({ ca: pemOf(ca), cert: pemOf(cert), key: pemOf(key) });
}

function pemOf(text: string | Uint8Array | undefined): string | undefined {
  return text === undefined || typeof text === "string" ? text : Buffer.from(text).toString("utf8");
}
