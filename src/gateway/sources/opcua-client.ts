/**
 * The one door to `node-opcua-client`, an optional package: a session with one subscription, until it is lost. It does not
 * repair a session: whoever opened it opens another. Writes to no server and calls no method.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { OpcUaConfig } from "../../core/contract/config/opcua-config.ts";
import { opcuaPackage, refusePackage } from "../../core/contract/config/optional-packages.ts";
import { gatewayState } from "../../core/contract/config/state-names.ts";
import type { OpcUaValue } from "../../core/ingest/opcua-values.ts";
import type {
  CertificatePackage,
  OpcUaClient,
  OpcUaDataValue,
  OpcUaLibrary,
  OpcUaPackage,
  OpcUaSession,
} from "./opcua-library.ts";
import { type OpcUaLogin, readApplicationUri } from "./opcua-login.ts";
import { createCertificateCheck } from "./trusted-servers.ts";

/** What is told of a session. */
export interface OpcUaSink {
  /** Of the node at this place of the list. */
  onValue(index: number, value: Omit<OpcUaValue, "arrivedMs" | "arrivedMonotonicMs">): void;
  /** The server refuses this node. */
  onRefused(index: number, detail: string): void;
  /** The server is still there, though nothing has changed. */
  onSign(): void;
  /** Nothing more will come; told at least once. */
  onLost(detail: string): void;
}

interface OpcUaRequest {
  readonly config: OpcUaConfig;
  readonly login: OpcUaLogin;
  readonly nodes: readonly string[];
  /** Folder for what the package keeps; with security none alone. */
  readonly stateDir: string;
}

/** Opens sessions. Rejects with a plain error when there is none to be had. */
export type OpenOpcUa = (request: OpcUaRequest, sink: OpcUaSink) => Promise<{ close(): Promise<void> }>;

/** No message of a server may be longer. */
const maxMessageBytes = 4 * 1024 * 1024;

/** @throws AuroraError CONFIG_INVALID when the package is not installed. */
export function loadOpcUa(): OpenOpcUa {
  const require = createRequire(import.meta.url);
  let library: OpcUaLibrary;
  try {
    // The second is a part of the first, which does not show it.
    const beside = createRequire(require.resolve("node-opcua-client"));
    library = {
      ...(require("node-opcua-client") as OpcUaPackage),
      ...(beside("node-opcua-certificate-manager") as CertificatePackage),
    };
  } catch (cause) {
    throw refusePackage(opcuaPackage, cause);
  }
  // What it has to say comes as errors as well, and its warnings show addresses and certificates line by line.
  library.setWarningLogger(() => undefined);
  library.setErrorLogger(() => undefined);
  return (request, sink) => openSession(library, request, sink);
}

async function openSession(
  library: OpcUaLibrary,
  request: OpcUaRequest,
  sink: OpcUaSink,
): Promise<{ close(): Promise<void> }> {
  const { config, login } = request;
  const { client, refusal } = createClient(library, request);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= client.disconnect().catch(() => undefined);
    return closing;
  };
  client.on("connection_lost", () => sink.onLost("the connection is lost"));
  client.on("close", () => sink.onLost("the server hung up"));
  const openSslConfig = process.env.OPENSSL_CONF;
  try {
    await client.connect(config.url);
    const session = await client.createSession(
      login.user === null
        ? undefined
        : { type: library.UserTokenType.UserName, userName: login.user.name, password: login.user.password },
    );
    session.on("session_closed", () => sink.onLost("the server closed the session"));
    await subscribe(library, { session, request, sink });
  } catch (error) {
    await close();
    const reason = refusal();
    throw reason === undefined ? error : new Error(reason);
  } finally {
    // The package writes "undefined" there while it makes its certificate, and every process that is started would read it.
    if (openSslConfig === undefined) delete process.env.OPENSSL_CONF;
    else process.env.OPENSSL_CONF = openSslConfig;
  }
  return { close };
}

/** A client, and why it refused the server's certificate. */
function createClient(
  library: OpcUaLibrary,
  { config, login, stateDir }: OpcUaRequest,
): { readonly client: OpcUaClient; refusal(): string | undefined } {
  const timeoutMs = config.timeoutSeconds * 1000;
  const common = {
    applicationName: "aurora gateway",
    endpointMustExist: false,
    keepSessionAlive: false,
    // Sessions are not repaired here.
    connectionStrategy: { maxRetry: 0, initialDelay: 100 },
    transportTimeout: timeoutMs,
    defaultTransactionTimeout: timeoutMs,
    transportSettings: { maxMessageSize: maxMessageBytes, maxChunkCount: 1024 },
    requestedSessionTimeout: Math.max(30_000, config.everySeconds * 6000),
  };
  if (login.own === null) {
    // The package wants a certificate of its own, though it shows it to nobody here.
    const clientCertificateManager = new library.OPCUACertificateManager({
      rootFolder: join(stateDir, gatewayState.opcua),
      automaticallyAcceptUnknownCertificate: true,
    });
    const client = library.OPCUAClient.create({ ...common, clientCertificateManager });
    return { client, refusal: () => undefined };
  }
  const { certificate, key } = login.own;
  const check = createCertificateCheck(login.trusted);
  let refused: string | undefined;
  const isGood = (der: Uint8Array | readonly Uint8Array[]): boolean => {
    const first = der instanceof Uint8Array ? der : der[0];
    // The package looks at its own certificate too.
    if (first !== undefined && certificate.raw.equals(first)) return true;
    refused = first === undefined ? "the server has no certificate" : check(first, Date.now());
    return refused === undefined;
  };
  const { Good, BadCertificateUntrusted } = library.StatusCodes;
  const store = {
    referenceCounter: 0,
    initialize: async () => undefined,
    dispose: async () => undefined,
    checkCertificate: async (der: Uint8Array | readonly Uint8Array[]) =>
      isGood(der) ? Good : BadCertificateUntrusted,
    getTrustStatus: async (der: Uint8Array) => (isGood(der) ? Good : BadCertificateUntrusted),
    verifyCertificate: async (der: Uint8Array | readonly Uint8Array[]) =>
      isGood(der) ? "Good" : "BadCertificateUntrusted",
    trustCertificate: async () => undefined,
    rejectCertificate: async () => undefined,
    addIssuer: async () => undefined,
    addRevocationList: async () => undefined,
  };
  const applicationUri = readApplicationUri(certificate);
  const client = library.OPCUAClient.create({
    ...common,
    ...(applicationUri === undefined ? {} : { applicationUri }),
    securityMode: config.security === "sign" ? "Sign" : "SignAndEncrypt",
    securityPolicy: config.policy,
    clientCertificateManager: store,
    certificateKeyPairProvider: {
      getCertificate: () => certificate.raw,
      getCertificateChain: () => [certificate.raw],
      getPrivateKey: () => ({ hidden: key }),
    },
  });
  return { client, refusal: () => refused };
}

interface Subscription {
  readonly session: OpcUaSession;
  readonly request: OpcUaRequest;
  readonly sink: OpcUaSink;
}

async function subscribe(library: OpcUaLibrary, { session, request, sink }: Subscription): Promise<void> {
  const { config, nodes } = request;
  const intervalMs = (config.everySeconds * 1000) / 2;
  const subscription = await session.createSubscription2({
    requestedPublishingInterval: intervalMs,
    requestedMaxKeepAliveCount: 2,
    requestedLifetimeCount: 30,
    maxNotificationsPerPublish: 2000,
    publishingEnabled: true,
    priority: 0,
  });
  subscription.on("keepalive", () => sink.onSign());
  subscription.on("terminated", () => sink.onLost("the server ended the subscription"));
  const group = await subscription.monitorItems(
    nodes.map((nodeId) => ({ nodeId, attributeId: 13 })),
    {
      samplingInterval: intervalMs,
      discardOldest: true,
      queueSize: 1,
      // Also when the time alone is new: a value that does not change is still a value.
      filter: new library.DataChangeFilter({ trigger: 2, deadbandType: 0, deadbandValue: 0 }),
    },
    library.TimestampsToReturn.Both,
  );
  group.on("changed", (_item, value, index) => sink.onValue(index, readValue(value)));
  for (const [index, item] of group.monitoredItems.entries()) {
    const status = item.statusCode ?? library.StatusCodes.Good;
    if (status.value >>> 30 !== 0) sink.onRefused(index, status.name);
  }
}

function readValue(data: OpcUaDataValue): Omit<OpcUaValue, "arrivedMs" | "arrivedMonotonicMs"> {
  const status = data.statusCode;
  return {
    value: data.value?.value,
    dataType: data.value?.dataType ?? Number.NaN,
    status: status?.value ?? 0,
    statusName: status?.name ?? "Good",
    sourceMs: data.sourceTimestamp?.getTime() ?? Number.NaN,
    serverMs: data.serverTimestamp?.getTime() ?? Number.NaN,
  };
}
