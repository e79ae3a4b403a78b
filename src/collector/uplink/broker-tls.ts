/**
 * What the embedded broker's own address is encrypted with, read at its start and again while it runs: a certificate that was
 * renewed, or an authority that was added, is good for whoever connects next. Ends no connection.
 */
import type { CollectorConfig } from "../../core/contract/config/collector-config.ts";
import {
  maxPemBytes,
  readAuthorities,
  readConfiguredText,
} from "../../core/platform/files/configured-text.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { BrokerTls } from "../../core/platform/mqtt/broker-listeners.ts";
import type { EmbeddedBroker } from "../../core/platform/mqtt/embedded-broker.ts";
import { createRenewalLog, refuseUnfit } from "../../core/platform/mqtt/renewed-tls.ts";

type TlsFiles = Pick<CollectorConfig["mqtt"]["embedded"], "caFile" | "certFile" | "keyFile">;

/** Undefined: it is not encrypted. @throws AuroraError CONFIG_INVALID for a file that cannot be read, and for no authorities in `caFile` */
export async function readBrokerTls({ certFile, keyFile, caFile }: TlsFiles): Promise<BrokerTls | undefined> {
  if (certFile === null || keyFile === null) return undefined;
  const cert = await readConfiguredText(certFile, maxPemBytes);
  const key = await readConfiguredText(keyFile, maxPemBytes);
  return caFile === null ? { cert, key } : { cert, key, ca: await readAuthorities(caFile) };
}

/** Creates the look; what cannot be read or used is told once a day, and what the broker has stays. @param first what it began with */
export function createBrokerTlsLook(
  files: TlsFiles,
  first: BrokerTls,
  { broker, logger }: { readonly broker: Pick<EmbeddedBroker, "renewTls">; readonly logger: Logger },
): () => Promise<void> {
  const log = createRenewalLog(logger, "the broker keeps what it has");
  let used = JSON.stringify(first);
  return async () => {
    try {
      const read = await readBrokerTls(files);
      const text = JSON.stringify(read);
      if (read !== undefined && text !== used) {
        await refuseUnfit(read, { at: ["mqtt", "embedded"], ...files });
        broker.renewTls(read);
        used = text;
        const { certFile, keyFile, caFile } = files;
        logger.info("the broker's certificate was read again", { certFile, keyFile, caFile });
      }
      log.succeeded();
    } catch (error) {
      log.failed(error);
    }
  };
}
