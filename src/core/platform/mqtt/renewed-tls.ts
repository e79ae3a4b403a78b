/**
 * Certificate, key and authorities that a configuration names, when they are read again while a process runs: says by the name of
 * the file why they cannot be used, and tells of that once a day. Replaces nothing.
 */
import { createSecureContext } from "node:tls";
import { AuroraError } from "../../contract/aurora-error.ts";
import { type ConfigFinding, formatKeyPath, type KeyPath } from "../../contract/config/config-finding.ts";
import type { BrokerLoginConfig } from "../../contract/config/config-parts.ts";
import { listTlsFiles } from "../../contract/config/configured-files.ts";
import { systemClock } from "../clock.ts";
import { checkCertificates, checkConfiguredFiles } from "../daemon/check-files.ts";
import type { Logger } from "../logger.ts";

const op = "read certificates again";

type Pem = string | Uint8Array | undefined;

/** Where they were read from. */
interface TlsFiles extends Pick<BrokerLoginConfig, "caFile" | "certFile" | "keyFile"> {
  /** The key above theirs. */
  readonly at: KeyPath;
}

/**
 * They may be in the midst of being replaced: with halves of two pairs no connection comes about, and of damaged authorities TLS
 * takes those before the damage, or none.
 * @throws AuroraError KEY for what cannot be used together
 */
export async function refuseUnfit(
  { ca, cert, key }: { readonly ca?: Pem; readonly cert?: Pem; readonly key?: Pem },
  files: TlsFiles,
): Promise<void> {
  const { caFile } = files;
  if (ca !== undefined && caFile !== null) {
    const complaint = checkCertificates(pemOf(ca) ?? "");
    if (complaint !== undefined) throw unfit({ path: [...files.at, "caFile"], value: caFile, ...complaint });
  }
  try {
    createSecureContext({ ca: pemOf(ca), cert: pemOf(cert), key: pemOf(key) });
  } catch (cause) {
    const [found] = await checkConfiguredFiles(listTlsFiles(files.at, files));
    if (found === undefined) {
      throw new AuroraError("KEY", `the certificate or key cannot be used: ${reasonOf(cause)}`, {
        op,
        subject: formatKeyPath(files.at),
        hint: weakCure,
        cause,
      });
    }
    throw unfit(found, cause);
  }
}

function unfit({ path, problem, value, write }: ConfigFinding, cause?: unknown): AuroraError {
  return new AuroraError("KEY", `${formatKeyPath(path)}: ${problem}`, {
    op,
    ...(value === undefined ? {} : { subject: value }),
    ...(write === undefined ? {} : { hint: write }),
    cause,
  });
}

/** Of certificates and keys that OpenSSL does not take. */
export const weakCure =
  "Give PEM files, a key that belongs to the certificate, and certificates signed with SHA-256 or better.";

/** OpenSSL's own words, without its number. */
export function reasonOf(error: unknown): string {
  const { reason, message } = error as Error & { readonly reason?: string };
  return reason ?? message;
}

const againMs = 86_400_000;

/** Warns of what cannot be read or used, the same once a day until it is told of a success. @param kept what is used meanwhile */
export function createRenewalLog(
  logger: Logger,
  kept: string,
  readMonotonicMs: () => number = systemClock.monotonicMs,
): { failed(error: unknown): void; succeeded(): void } {
  let told = "";
  let toldMs = 0;
  return {
    failed(error) {
      const { message, subject, hint } = error as AuroraError;
      const nowMs = readMonotonicMs();
      if (message === told && nowMs - toldMs < againMs) return;
      logger.warn(`${message}; ${kept}`, { file: subject, hint });
      told = message;
      toldMs = nowMs;
    },
    succeeded() {
      told = "";
    },
  };
}

function pemOf(text: Pem): string | undefined {
  return text === undefined || typeof text === "string" ? text : Buffer.from(text).toString("utf8");
}
