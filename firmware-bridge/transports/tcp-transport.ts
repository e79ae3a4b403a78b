/** Byte streams over TCP: a client for `tcp://host:port` (ser2net, Ethernet devices), and a one-client listener. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { AuroraError } from "../../src/core/contract/aurora-error.ts";
import { urlHost } from "../../src/core/contract/url-host.ts";
import type { ByteTransport, ByteTransportHandlers } from "./byte-transport.ts";

const connectTimeoutMs = 5_000;
const keepAliveMs = 10_000;
/** One read brings up to about sixty frames. */
const readBufferBytes = 65_536;
/**
 * Where all clients read: what a read brings is taken before the next one begins, whoever's it is. Not so on Windows, where a
 * read that waits holds its buffer.
 */
let sharedReadBuffer: Buffer | undefined;

function takeReadBuffer(): Buffer {
  if (process.platform === "win32") return Buffer.allocUnsafeSlow(readBufferBytes);
  sharedReadBuffer ??= Buffer.allocUnsafeSlow(readBufferBytes);
  return sharedReadBuffer;
}

/** Creates a client that connects to `host:port`. `onBytes` is given memory that is used again by any other client. */
export function createTcpTransport(host: string, port: number): ByteTransport {
  const name = `tcp://${urlHost(host)}:${port}`;
  const readBuffer = takeReadBuffer();
  const current: Current = { socket: undefined, paused: false };

  function open(handlers: ByteTransportHandlers): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host,
        port,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: keepAliveMs,
        onread: {
          buffer: readBuffer,
          callback: (length, buffer) => {
            if (current.socket === socket) handlers.onBytes(buffer.subarray(0, length));
            return !current.paused;
          },
        },
      });
      current.socket = socket;
      const refuse = (reason: string): void => {
        if (current.socket === socket) current.socket = undefined;
        socket.destroy();
        reject(
          new AuroraError("DEVICE_UNREACHABLE", `${name}: ${reason}`, {
            op: "connect to device",
            subject: name,
            hint: "check the address and that the device or ser2net listens there",
          }),
        );
      };
      const onError = (error: Error): void => refuse(error.message);
      const onGivenUp = (): void => refuse("closed before it was connected");
      const onTimeout = (): void => refuse(`no answer within ${connectTimeoutMs} ms`);
      socket.once("error", onError);
      socket.once("close", onGivenUp);
      socket.setTimeout(connectTimeoutMs, onTimeout);
      socket.once("connect", () => {
        socket.off("error", onError);
        socket.off("close", onGivenUp);
        socket.off("timeout", onTimeout);
        socket.setTimeout(0);
        watch(socket, current, handlers);
        resolve();
      });
    });
  }

  return { name, open, ...socketMethods(current), close: () => end(current) };
}

/** A transport that listens, and the port that it got. */
interface TcpListenerTransport extends ByteTransport {
  /** Valid after `open`. */
  readonly port: number;
}

/**
 * Creates the device's side: listens on `host:port` (0 = any free port) and serves one client at a time; a newer
 * client replaces the older one, which may be half-open. `open` resolves once it listens.
 */
export function createTcpListenerTransport(host: string, port: number): TcpListenerTransport {
  const current: Current = { socket: undefined, paused: false };
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs });
  let listeningPort = port;
  return {
    get name() {
      return `tcp://${host}:${listeningPort}`;
    },
    get port() {
      return listeningPort;
    },
    open: (handlers) =>
      new Promise((resolve, reject) => {
        server.on("connection", (socket) => {
          current.socket?.destroy(new Error("replaced by a newer client"));
          current.socket = socket;
          current.paused = false;
          socket.on("data", (chunk: Buffer) => {
            if (current.socket === socket) handlers.onBytes(chunk);
          });
          watch(socket, current, handlers);
        });
        server.once("error", (cause) =>
          reject(
            new AuroraError("DEVICE_UNREACHABLE", `cannot listen on ${host}:${port}: ${cause.message}`, {
              op: "listen for a gateway",
              subject: `tcp://${host}:${port}`,
              hint: "choose another port",
              cause,
            }),
          ),
        );
        server.listen(port, host, () => {
          listeningPort = (server.address() as AddressInfo).port;
          resolve();
        });
      }),
    ...socketMethods(current),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await end(current);
      await closed;
    },
  };
}

interface Current {
  socket: Socket | undefined;
  paused: boolean;
}

/** Tells the handlers about an established socket's life. */
function watch(socket: Socket, current: Current, handlers: ByteTransportHandlers): void {
  let reason = "the other side closed the connection";
  socket.on("error", (error) => {
    reason = error.message;
  });
  socket.on("drain", () => {
    if (current.socket === socket) handlers.onDrain();
  });
  socket.on("end", () => socket.destroy());
  socket.on("close", () => {
    // A replaced socket's end is not the end of the connection.
    if (current.socket !== socket) return;
    current.socket = undefined;
    handlers.onClose(reason);
  });
  handlers.onOpen();
}

function socketMethods(
  current: Current,
): Pick<ByteTransport, "write" | "pauseReading" | "resumeReading" | "drop"> {
  return {
    write: (bytes) => {
      const socket = current.socket;
      return socket === undefined || socket.connecting || socket.destroyed ? true : socket.write(bytes);
    },
    pauseReading: () => {
      current.paused = true;
      current.socket?.pause();
    },
    resumeReading: () => {
      current.paused = false;
      current.socket?.resume();
    },
    drop: (reason) => {
      current.socket?.destroy(new Error(reason));
    },
  };
}

function end(current: Current): Promise<void> {
  const socket = current.socket;
  current.socket = undefined;
  if (socket === undefined || socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    // What was written still leaves; a peer that does not read cannot hold us up.
    socket.end(() => socket.destroy());
    setTimeout(() => socket.destroy(), closeTimeoutMs).unref();
  });
}

const closeTimeoutMs = 500;
