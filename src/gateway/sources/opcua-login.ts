/** Reads what the configuration of an OPC UA server names: own certificate and key, trusted certificates, password. */
import { createPrivateKey, type KeyObject, type X509Certificate } from "node:crypto";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { OpcUaConfig } from "../../core/contract/config/opcua-config.ts";
import { readPemCertificates } from "../../core/platform/daemon/pem-certificates.ts";
import {
  maxPemBytes,
  readConfiguredText,
  readPasswordFile,
} from "../../core/platform/files/configured-text.ts";

export interface OpcUaLogin {
  /** Null with security none. */
  readonly own: { readonly certificate: X509Certificate; readonly key: KeyObject } | null;
  readonly trusted: readonly X509Certificate[];
  readonly user: { readonly name: string; readonly password: string } | null;
}

/** @throws AuroraError CONFIG_INVALID for a file that cannot be read, or does not hold what it must. */
export async function readOpcUaLogin(config: OpcUaConfig): Promise<OpcUaLogin> {
  const { security, certFile, keyFile, trustFiles, username, passwordFile } = config;
  const isPlain = security === "none";
  const certificate = isPlain ? undefined : (await readCertificates(certFile))[0];
  const key = isPlain || keyFile === null ? undefined : await readKey(keyFile);
  const trusted = isPlain ? [] : (await Promise.all(trustFiles.map(readCertificates))).flat();
  const own = certificate === undefined || key === undefined ? null : { certificate, key };
  if (own?.certificate.checkPrivateKey(own.key) === false) {
    throw refuse(`it is not the key of ${certFile}`, keyFile ?? "");
  }
  const user =
    username === null || passwordFile === null
      ? null
      : { name: username, password: await readPasswordFile(passwordFile) };
  return { own, trusted, user };
}

async function readCertificates(file: string | null): Promise<readonly X509Certificate[]> {
  if (file === null) return [];
  const found = readPemCertificates(await readConfiguredText(file, maxPemBytes));
  if (found.length === 0) throw refuse("it holds no certificate in PEM form", file);
  const readable = found.flatMap(({ certificate }) => certificate ?? []);
  if (readable.length < found.length) throw refuse("it holds a certificate that cannot be read", file);
  return readable;
}

async function readKey(file: string): Promise<KeyObject> {
  try {
    return createPrivateKey(await readConfiguredText(file, maxPemBytes));
  } catch (cause) {
    if (cause instanceof AuroraError) throw cause;
    // The cause of Node speaks of the key's form alone, but nothing of a key belongs into a log.
    throw refuse("it holds no private key in PEM form, or one with a passphrase", file);
  }
}

function refuse(problem: string, file: string): AuroraError {
  return new AuroraError("CONFIG_INVALID", `${file}: ${problem}`, {
    op: "log in to OPC UA server",
    subject: file,
    hint: "Give certificates and keys in PEM form.",
  });
}
