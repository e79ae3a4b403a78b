/** The files and folders that a configuration names, each with what it must hold. Opens none. */
import type { CollectorConfig } from "./collector-config.ts";
import type { KeyPath } from "./config-finding.ts";
import type { GatewayConfig } from "./gateway-config.ts";
import { joinFieldBuses } from "./mapped-channels.ts";
import { gatewayState } from "./state-names.ts";

/** What a file holds. */
export type FileContent =
  | "folder"
  /** A daemon's own: it may be missing. */
  | "state-folder"
  /** Of `aurora keys init`. */
  | "keys-folder"
  /** Of whoever is trusted: an authority or another's own, of several any. */
  | "certificate"
  /** Shown to others: one's own first, then those that lead to its authority. */
  | "own-certificate"
  | "private-key"
  | "public-key"
  | "hex-key"
  | "text"
  | "json"
  /** Of the update repository; JSON. */
  | "root-metadata";

export interface ConfiguredFile {
  readonly path: KeyPath;
  readonly file: string;
  readonly content: FileContent;
  /** File of the certificate that a private key belongs to. */
  readonly certFile?: string;
  /** Folder of a gateway's updates, which holds newer root metadata once it has followed. */
  readonly updatesDir?: string;
}

/** Of a gateway; paths in the installation must have been resolved. */
export function listGatewayFiles({
  gateway,
  mqtt,
  devices,
  bundles,
  updates,
  uplink,
  opcua,
}: GatewayConfig): readonly ConfiguredFile[] {
  return [
    ...listLoginFiles(mqtt),
    ...devices.flatMap(({ keyFile }, index) => named(["devices", index, "keyFile"], keyFile, "hex-key")),
    ...joinFieldBuses({
      modbus: [],
      opcua: opcua.flatMap(({ certFile, keyFile, passwordFile, trustFiles }, index) => [
        ...named(["opcua", index, "certFile"], certFile, "own-certificate"),
        ...named(["opcua", index, "keyFile"], keyFile, "private-key").map((entry) =>
          certFile === null ? entry : { ...entry, certFile },
        ),
        ...named(["opcua", index, "passwordFile"], passwordFile, "text"),
        ...trustFiles.flatMap((file, at) => named(["opcua", index, "trustFiles", at], file, "certificate")),
      ]),
    }),
    ...named(["gateway", "stateDir"], gateway.stateDir, "state-folder"),
    ...named(["bundles", "dir"], bundles.dir, "folder"),
    ...bundles.trustedKeys.flatMap((file, index) =>
      named(["bundles", "trustedKeys", index], file, "public-key"),
    ),
    ...named(["updates", "caFile"], updates.caFile, "certificate"),
    ...named(["updates", "rootFile"], updates.rootFile, "root-metadata").map((entry) => ({
      ...entry,
      updatesDir: `${gateway.stateDir}/${gatewayState.updates}`,
    })),
    ...named(["uplink", "ackKeyFile"], uplink.ackKeyFile, "hex-key"),
  ];
}

/** Of a collector; paths in the installation must have been resolved. */
export function listCollectorFiles({
  collector,
  mqtt,
  record,
  registry,
  evidence,
}: CollectorConfig): readonly ConfiguredFile[] {
  const s3 = ["evidence", "s3"];
  return [
    ...listLoginFiles(mqtt),
    ...named(["mqtt", "enrolmentKeyFile"], mqtt.enrolmentKeyFile, "hex-key"),
    ...named(["mqtt", "enrolledFile"], mqtt.enrolledFile, "json"),
    ...listTlsFiles(["mqtt", "embedded"], mqtt.embedded),
    ...(["gateways", "devices"] as const).flatMap((list) =>
      mqtt.embedded[list].flatMap(({ passwordFile }, index) =>
        named(["mqtt", "embedded", list, index, "passwordFile"], passwordFile, "text"),
      ),
    ),
    ...named(["collector", "stateDir"], collector.stateDir, "state-folder"),
    ...named(["record", "passwordFile"], record.passwordFile, "text"),
    ...named(["record", "caFile"], record.caFile, "certificate"),
    ...named(["registry", "keysDir"], registry.keysDir, "keys-folder"),
    ...registry.publish.flatMap((dir, index) => named(["registry", "publish", index], dir, "folder")),
    ...registry.trustedKeys.flatMap((file, index) =>
      named(["registry", "trustedKeys", index], file, "public-key"),
    ),
    ...registry.publishers.flatMap(({ keyFile }, index) =>
      named(["registry", "publishers", index, "keyFile"], keyFile, "public-key"),
    ),
    ...(evidence.s3 === null
      ? []
      : [
          ...named([...s3, "accessKeyIdFile"], evidence.s3.accessKeyIdFile, "text"),
          ...named([...s3, "secretAccessKeyFile"], evidence.s3.secretAccessKeyFile, "text"),
          ...named([...s3, "caFile"], evidence.s3.caFile, "certificate"),
        ]),
  ];
}

function listLoginFiles(
  mqtt: Pick<GatewayConfig["mqtt"], "passwordFile" | "caFile" | "certFile" | "keyFile">,
): readonly ConfiguredFile[] {
  return [...named(["mqtt", "passwordFile"], mqtt.passwordFile, "text"), ...listTlsFiles(["mqtt"], mqtt)];
}

/** Of TLS, whose keys are below `at`. */
export function listTlsFiles(
  at: KeyPath,
  { caFile, certFile, keyFile }: Pick<GatewayConfig["mqtt"], "caFile" | "certFile" | "keyFile">,
): readonly ConfiguredFile[] {
  const key = named([...at, "keyFile"], keyFile, "private-key");
  return [
    ...named([...at, "caFile"], caFile, "certificate"),
    ...named([...at, "certFile"], certFile, "own-certificate"),
    ...key.map((entry) => (certFile === null ? entry : { ...entry, certFile })),
  ];
}

function named(path: KeyPath, file: string | null, content: FileContent): readonly ConfiguredFile[] {
  return file === null ? [] : [{ path, file, content }];
}
