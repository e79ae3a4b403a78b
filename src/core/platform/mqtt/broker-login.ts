/**
 * Reads how a configuration says that a broker is logged in to: user name, password, authorities, client certificate; and
 * reads it again after each loss, so that who corrects a password or renews a certificate need not restart anything.
 */
import { AuroraError } from "../../contract/aurora-error.ts";
import type { BrokerLoginConfig } from "../../contract/config/config-parts.ts";
import {
  maxPemBytes,
  readAuthorities,
  readConfiguredText,
  readPasswordFile,
} from "../files/configured-text.ts";
import { type Logger, silentLogger } from "../logger.ts";
import type { BrokerConnectionEvents } from "./broker-connection.ts";
import type { MqttTls } from "./broker-socket.ts";
import { createRenewalLog, refuseUnfit } from "./renewed-tls.ts";

/** The part of a client's options that is read. */
export interface BrokerLogin extends Credentials {
  /** Reads them anew, after a loss: a password that was corrected, a certificate that was renewed. Rejects what cannot be used. */
  readonly renewLogin?: () => Promise<Credentials>;
}

/** Who says so, and by what. */
interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: MqttTls;
}

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
    caFile === null ? null : readAuthorities(caFile),
    readText(certFile),
    readText(keyFile),
  ]);
  return {
    renewLogin: async () => {
      const read = await readBrokerLogin(config, password);
      // Not for a login without either: where no authority is named it loads all that Node knows, 2 MB for as long as the process runs.
      if (read.tls !== undefined) await refuseUnfit(read.tls, { at: ["mqtt"], ...config });
      return read;
    },
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
  return path === null ? null : readConfiguredText(path, maxPemBytes);
}

/** The login of the next attempt. */
interface LoginKeeper {
  login(): Credentials;
  /** The same events; a loss has the login read again for the next attempt. */
  watch(events: BrokerConnectionEvents): BrokerConnectionEvents;
}

/** Creates one that begins with what was read already. What cannot be read or used later is logged; what was read before is tried again. */
export function createLoginKeeper(first: BrokerLogin & { readonly logger?: Logger }): LoginKeeper {
  const { renewLogin, logger = silentLogger } = first;
  const log = createRenewalLog(logger, "what was read before is tried again");
  let login: Credentials = first;
  let isReading = false;
  const renew = async (): Promise<void> => {
    if (renewLogin === undefined || isReading) return;
    isReading = true;
    try {
      login = await renewLogin();
      log.succeeded();
    } catch (error) {
      log.failed(error);
    } finally {
      isReading = false;
    }
  };
  return {
    login: () => login,
    watch: (events) => ({
      ...events,
      onLoss(loss) {
        void renew();
        events.onLoss(loss);
      },
    }),
  };
}
