/**
 * The one door to `node-opcua-client`, an optional package: a session with one subscription, until it is lost. It does not
 * repair a session: whoever opened it opens another, and bounds how long it waits for it. Writes to no server and calls no
 * method.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { OpcUaConfig } from "../../core/contract/config/opcua-config.ts";
import { opcuaPackage, refusePackage } from "../../core/contract/config/optional-packages.ts";
import { gatewayState } from "../../core/contract/config/state-names.ts";
import { hostOf } from "../../core/contract/url-host.ts";
import type { FindNodes } from "../../core/ingest/opcua-nodes.ts";
import { findOptionalPackage } from "../../core/platform/daemon/check-packages.ts";
import { readApplicationUri } from "../../core/platform/daemon/pem-certificates.ts";
import type { CertificatePackage, OpcUaClient, OpcUaLibrary, OpcUaPackage } from "./opcua-library.ts";
import type { OpcUaLogin } from "./opcua-login.ts";
import { createNodeSubscription, type NodeSubscription, type OpcUaSink } from "./opcua-subscription.ts";
import { createCertificateCheck } from "./trusted-servers.ts";

interface OpcUaRequest {
  readonly config: OpcUaConfig;
  readonly login: OpcUaLogin;
  readonly findNodes: FindNodes;
  /** Folder for what the package keeps; with security none alone. */
  readonly stateDir: string;
}

/** A session that is opened, or open. */
export interface OpcUaConnection {
  /** Rejects with a plain error when there is no session to be had; of a server that falls silent it may never settle. */
  readonly opened: Promise<OpcUaOpened>;
  /** Ends it, whatever has become of it; of a server that is silent this takes as long as an answer may. */
  close(): Promise<void>;
}

/** An open session that watches its nodes. */
export type OpcUaOpened = Omit<NodeSubscription, "watch">;

/** Begins to open a session; each step of it is told as a sign. */
export type OpenOpcUa = (request: OpcUaRequest, sink: OpcUaSink) => OpcUaConnection;

/** No message of a server may be longer. */
const maxMessageBytes = 4 * 1024 * 1024;
/** A server may forget a session that it has heard nothing of for so long, ms. */
const sessionMs = 60_000;
/** The package cuts a connection that carries nothing for this long, ms; it asks the server itself where nothing is heard for 20 s. */
const idleMs = 120_000;

const openSslConfig = process.env.OPENSSL_CONF;

/** @throws AuroraError CONFIG_INVALID when the package is not installed. */
export function loadOpcUa(): OpenOpcUa {
  let library: OpcUaLibrary;
  try {
    const require = createRequire(findOptionalPackage(opcuaPackage.name));
    library = {
      ...(require("node-opcua-client") as OpcUaPackage),
      // A part of the first, which does not show it.
      ...(require("node-opcua-certificate-manager") as CertificatePackage),
    };
  } catch (cause) {
    throw refusePackage(opcuaPackage, cause);
  }
  // What it has to say comes as errors as well, and its warnings show addresses and certificates line by line.
  library.setWarningLogger(() => undefined);
  library.setErrorLogger(() => undefined);
  // It refuses a server that grants signs rarer than its sessions end, though it keeps sessions alive itself; and where
  // it throws this away, nobody hears of it.
  Object.defineProperty(library.ClientSubscription, "ignoreNextWarning", {
    configurable: true,
    get: () => true,
    set: () => undefined,
  });
  return (request, sink) => openSession(library, request, sink);
}

function openSession(library: OpcUaLibrary, request: OpcUaRequest, sink: OpcUaSink): OpcUaConnection {
  const { config, login, findNodes } = request;
  const { client, refusal } = createClient(library, request);
  let isLeft = false;
  const leave = (): Promise<void> => {
    isLeft = true;
    return client.disconnect().catch(() => undefined);
  };
  const lose = (detail: string) => (): void => {
    // Of an end of our own making something better is known.
    if (!isLeft) sink.onLost(detail);
  };
  client.on("connection_lost", lose("the connection is lost"));
  client.on("close", lose("the server hung up"));

  const step = async <T>(work: Promise<T>): Promise<T> => {
    const result = await work;
    if (isLeft) throw new Error("closed");
    sink.onSign();
    return result;
  };
  const open = async (): Promise<OpcUaOpened> => {
    try {
      await step(client.connect(config.url));
      const session = await step(
        client.createSession(
          login.user === null
            ? undefined
            : {
                type: library.UserTokenType.UserName,
                userName: login.user.name,
                password: login.user.password,
              },
        ),
      );
      session.on("session_closed", lose("the server closed the session"));
      const everyMs = config.everySeconds * 1000;
      const subscription = await step(createNodeSubscription({ library, session, everyMs, findNodes, sink }));
      const nodes = config.turbines.flatMap(({ channels }) => channels);
      await step(subscription.watch([...nodes.keys()]));
      return subscription;
    } catch (error) {
      await leave();
      const reason = refusal();
      throw reason === undefined ? error : new Error(reason);
    } finally {
      // The package writes "undefined" there while it makes its certificate, and every process that is started would read it.
      if (openSslConfig === undefined) delete process.env.OPENSSL_CONF;
      else process.env.OPENSSL_CONF = openSslConfig;
    }
  };
  return { opened: open(), close: leave };
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
    keepSessionAlive: true,
    // Sessions are not repaired here.
    connectionStrategy: { maxRetry: 0, initialDelay: 100 },
    transportTimeout: idleMs,
    defaultTransactionTimeout: timeoutMs,
    transportSettings: { maxMessageSize: maxMessageBytes, maxChunkCount: 1024 },
    requestedSessionTimeout: sessionMs,
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
  const check = createCertificateCheck(login.trusted, hostOf(new URL(config.url)));
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
