/** Where the embedded broker is reached: one address, with TLS or without, and a port of the loopback for its own process. */
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  TLSSocket,
  Server as TlsServer,
} from "node:tls";
import { AuroraError } from "../../contract/aurora-error.ts";
import { adviseOfPort } from "../port-advice.ts";
import { describeHandshakeFailure } from "./connect-failures.ts";
import type { RefusedLogin } from "./login-refusals.ts";

/** PEM texts of a listener. */
export interface BrokerTls {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  /** Clients need a certificate of this authority. */
  readonly ca?: string | Uint8Array | undefined;
}

interface ListenerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly tls: BrokerTls | undefined;
  readonly maxConnections: number;
  /** Of a TLS connection that did not come about. */
  readonly onHandshakeFailure: (refused: RefusedLogin) => void;
}

interface Listeners {
  readonly port: number;
  /** Without TLS, on the loopback. */
  readonly internalPort: number;
  /** For the connections to come. Of a listener without TLS nothing. @throws Error of OpenSSL for what cannot be used */
  renewTls(tls: BrokerTls): void;
  /** Takes no more connections; resolves when those that there are have ended. */
  close(): Promise<void>;
}

const handshakeMs = 10_000;

/**
 * Listens. Each connection is given once its handshake is done, with whether it came by the internal port.
 * @throws AuroraError MQTT when the port is taken, or certificate and key are none
 */
export async function openListeners(
  options: ListenerOptions,
  accept: (socket: Socket, isInternal: boolean) => void,
): Promise<Listeners> {
  const { host, port: wanted, tls } = options;
  const take = (socket: Socket): void => accept(socket, false);
  const server = tls === undefined ? createTcpServer(take) : createTlsListener(tls, options, take);
  const port = await listen(server, host, wanted);
  const internal = createTcpServer((socket) => accept(socket, true));
  const internalPort = await listen(internal, "127.0.0.1", 0);
  return {
    port,
    internalPort,
    renewTls: (renewed) => {
      if (server instanceof TlsServer) server.setSecureContext(contextOf(renewed));
    },
    close: async () => {
      await Promise.all([closeServer(server), closeServer(internal)]);
    },
  };
}

/** CONNACK of 3.1.1 with code 3, "server unavailable" (section 3.2.2.3). */
const connackUnavailable = Uint8Array.of(0x20, 0x02, 0x00, 0x03);
/** How long the other end may take to read that, whatever it sends meanwhile. */
const readAnswerMs = 1_000;
/** So many at once are answered. */
const maxTurnedAway = 200;

/** Ends connections for which there is no place. */
interface TurningAway {
  /** With an answer: without a word the port would pass for one of TLS. Of many at once the others end without. */
  turnAway(socket: Socket): void;
  /** Ends those that have not read theirs. */
  close(): void;
}

/** Starts with nobody to answer. */
export function createTurningAway(): TurningAway {
  const leaving = new Set<Socket>();
  return {
    turnAway(socket) {
      if (leaving.size >= maxTurnedAway) {
        socket.destroy();
        return;
      }
      leaving.add(socket);
      const timer = setTimeout(() => socket.destroy(), readAnswerMs).unref();
      socket.once("close", () => {
        clearTimeout(timer);
        leaving.delete(socket);
      });
      socket.resume().end(connackUnavailable);
    },
    close() {
      for (const socket of leaving) socket.destroy();
    },
  };
}

/** Common name of the certificate that the other end has shown, and that its authority has signed. Empty where it has not exactly one; null where none was asked for. */
export function readCertificateName(socket: Socket): string | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  const name = socket.getPeerCertificate().subject?.CN;
  return typeof name === "string" ? name : "";
}

function contextOf({ cert, key, ca }: BrokerTls): SecureContextOptions {
  const material = (value: string | Uint8Array): string | Buffer =>
    typeof value === "string" ? value : Buffer.from(value);
  return {
    cert: material(cert),
    key: material(key),
    ...(ca === undefined ? {} : { ca: material(ca) }),
    minVersion: "TLSv1.2",
  };
}

function createTlsListener(
  tls: BrokerTls,
  { host, port, maxConnections, onHandshakeFailure }: ListenerOptions,
  accept: (socket: Socket) => void,
): Server {
  try {
    const server = createTlsServer(
      {
        ...contextOf(tls),
        ...(tls.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true }),
        handshakeTimeout: handshakeMs,
      },
      accept,
    );
    const addresses = new WeakMap<object, string>();
    /** Those that have not shaken hands, the oldest first: it makes room for the next, so that they keep nobody out. */
    const shaking = new Set<Socket>();
    server.on("connection", (raw: Socket) => {
      // Once it has failed, nobody knows any more where it came from.
      addresses.set(raw, raw.remoteAddress ?? "unknown");
      const [oldest] = shaking;
      if (oldest !== undefined && shaking.size >= maxConnections) {
        shaking.delete(oldest);
        oldest.destroy();
      }
      shaking.add(raw);
      raw.once("close", () => shaking.delete(raw));
    });
    server.on("secureConnection", (socket: TLSSocket & { readonly _parent?: Socket }) => {
      if (socket._parent !== undefined) shaking.delete(socket._parent);
    });
    server.on("tlsClientError", (error: Error, socket: TLSSocket & { readonly _parent?: object }) => {
      const address = addresses.get(socket._parent ?? socket) ?? "unknown";
      onHandshakeFailure({ user: null, address, ...describeHandshakeFailure(error, socket) });
    });
    return server;
  } catch (cause) {
    throw new AuroraError(
      "MQTT",
      `the broker's certificate or key cannot be used: ${(cause as Error).message}`,
      {
        op: "start broker",
        subject: `${host}:${port}`,
        hint: "Give a certificate and its key in PEM form; `aurora keys server DIR HOST` makes them.",
        cause,
      },
    );
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        new AuroraError("MQTT", `the broker cannot listen on ${host}:${port}: ${cause.message}`, {
          op: "start broker",
          subject: `${host}:${port}`,
          hint: adviseOfPort(cause, "mqtt.embedded.port"),
          cause,
        }),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      server.on("error", () => {});
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
