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

/** What both sides do with the socket that they have. */
class SocketHolder {
  socket: Socket | undefined = undefined;
  isPaused = false;

  write(bytes: Uint8Array): boolean {
    const { socket } = this;
    return socket === undefined || socket.connecting || socket.destroyed ? true : socket.write(bytes);
  }

  pauseReading(): void {
    this.isPaused = true;
    this.socket?.pause();
  }

  resumeReading(): void {
    this.isPaused = false;
    this.socket?.resume();
  }

  drop(reason: string): void {
    this.socket?.destroy(new Error(reason));
  }

  close(): Promise<void> {
    const { socket } = this;
    this.socket = undefined;
    if (socket === undefined || socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      socket.once("close", () => resolve());
      // What was written still leaves; a peer that does not read cannot hold us up.
      socket.end(() => socket.destroy());
      setTimeout(() => socket.destroy(), closeTimeoutMs).unref();
    });
  }

  /** Tells the handlers about an established socket's life. */
  protected watch(socket: Socket, handlers: ByteTransportHandlers): void {
    let reason = "the other side closed the connection";
    socket.on("error", (error) => {
      reason = error.message;
    });
    socket.on("drain", () => {
      if (this.socket === socket) handlers.onDrain();
    });
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      // A replaced socket's end is not the end of the connection.
      if (this.socket !== socket) return;
      this.socket = undefined;
      handlers.onClose(reason);
    });
    handlers.onOpen();
  }
}

const closeTimeoutMs = 500;

/** Creates a client that connects to `host:port`. `onBytes` is given memory that is used again by any other client. */
export function createTcpTransport(host: string, port: number): ByteTransport {
  return new TcpClient(host, port);
}

class TcpClient extends SocketHolder implements ByteTransport {
  readonly name: string;
  readonly #host: string;
  readonly #port: number;
  readonly #readBuffer = takeReadBuffer();

  constructor(host: string, port: number) {
    super();
    this.name = `tcp://${urlHost(host)}:${port}`;
    this.#host = host;
    this.#port = port;
  }

  open(handlers: ByteTransportHandlers): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = this.#connect(handlers);
      const refuse = (reason: string): void => {
        if (this.socket === socket) this.socket = undefined;
        socket.destroy();
        reject(this.#describeRefusal(reason));
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
        this.watch(socket, handlers);
        resolve();
      });
    });
  }

  /** Apart from who waits for the connection: what a socket reads with holds all that is around it, as long as there is the socket. */
  #connect(handlers: ByteTransportHandlers): Socket {
    const socket = connect({
      host: this.#host,
      port: this.#port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
      onread: {
        buffer: this.#readBuffer,
        callback: (length, buffer) => {
          if (this.socket === socket) handlers.onBytes(buffer.subarray(0, length));
          return !this.isPaused;
        },
      },
    });
    this.socket = socket;
    return socket;
  }

  #describeRefusal(reason: string): AuroraError {
    return new AuroraError("DEVICE_UNREACHABLE", `${this.name}: ${reason}`, {
      op: "connect to device",
      subject: this.name,
      hint: "check the address and that the device or ser2net listens there",
    });
  }
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
  return new TcpListener(host, port);
}

class TcpListener extends SocketHolder implements TcpListenerTransport {
  readonly #host: string;
  readonly #server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs });
  port: number;

  constructor(host: string, port: number) {
    super();
    this.#host = host;
    this.port = port;
  }

  get name(): string {
    return `tcp://${this.#host}:${this.port}`;
  }

  open(handlers: ByteTransportHandlers): Promise<void> {
    const [host, server, wanted] = [this.#host, this.#server, this.port];
    return new Promise((resolve, reject) => {
      server.on("connection", (socket) => this.#take(socket, handlers));
      server.once("error", (cause) =>
        reject(
          new AuroraError("DEVICE_UNREACHABLE", `cannot listen on ${host}:${wanted}: ${cause.message}`, {
            op: "listen for a gateway",
            subject: `tcp://${host}:${wanted}`,
            hint: "choose another port",
            cause,
          }),
        ),
      );
      server.listen(wanted, host, () => {
        this.port = (server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  override async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await super.close();
    await closed;
  }

  #take(socket: Socket, handlers: ByteTransportHandlers): void {
    this.socket?.destroy(new Error("replaced by a newer client"));
    this.socket = socket;
    this.isPaused = false;
    socket.on("data", (chunk: Buffer) => {
      if (this.socket === socket) handlers.onBytes(chunk);
    });
    this.watch(socket, handlers);
  }
}
