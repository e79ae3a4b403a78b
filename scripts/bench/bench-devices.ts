/** TCP devices that send encoded streams as fast as the gateway reads, or at a pace. */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type BenchStream, createBenchHandshake } from "./bench-stream.ts";

/** A set of listening devices. */
export interface BenchDevices {
  readonly addresses: readonly string[];
  /** Starts to send, of each stream what `part` names; resolves when every device has handed it over. */
  send(samplesPerSecond: number, part?: StreamPart): Promise<void>;
  close(): void;
}

/** From where to where, as shares of its samples, in whole frames; default 0 and 1. */
export interface StreamPart {
  readonly from?: number;
  readonly to?: number;
}

const paceMs = 4;
const chunkBytes = 256 * 1024;

/**
 * Starts `count` devices named `mcu-1` …, the last with a stream of its own if one is given; they introduce themselves at once and send
 * when told.
 */
export async function startBenchDevices(
  count: number,
  common: BenchStream,
  last: BenchStream = common,
): Promise<BenchDevices> {
  const devices = await Promise.all(
    Array.from({ length: count }, (_, index) => listen(index + 1, index === count - 1 ? last : common)),
  );
  return {
    addresses: devices.map(({ server }) => `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`),
    send: async (samplesPerSecond, { from = 0, to = 1 } = {}) => {
      await Promise.all(
        devices.map(async ({ socket, stream }, index) => {
          const bytes = stream.bytes.subarray(stream.byteAt(from), stream.byteAt(to));
          const bytesPerSecond = (samplesPerSecond * stream.bytesPerSample) / count;
          const peer = await socket;
          if (Number.isFinite(bytesPerSecond)) {
            // Turbines do not turn in step: their windows end one after the other, not all at once.
            const secondBytes = stream.bytesPerSample * stream.sampleRateHz * stream.channels;
            await wait((1000 * secondBytes * index) / count / bytesPerSecond);
            await sendPaced(peer, bytes, bytesPerSecond);
          } else {
            await sendFast(peer, bytes);
          }
        }),
      );
    },
    close: () => {
      for (const { server, socket } of devices) {
        server.close();
        void socket.then((peer) => peer.destroy());
      }
    },
  };
}

async function listen(
  number: number,
  stream: BenchStream,
): Promise<{ server: Server; socket: Promise<Socket>; stream: BenchStream }> {
  let connected = (_socket: Socket): void => {};
  const socket = new Promise<Socket>((resolve) => {
    connected = resolve;
  });
  const server = createServer((peer) => {
    peer.on("error", () => {});
    // It answers the configuration and passes over what else comes: TCP's own flow control is what paces the bench.
    const { hello, read } = createBenchHandshake(`mcu-${number}`, stream, (acknowledgement) => {
      peer.off("data", read).resume();
      peer.write(acknowledgement);
      connected(peer);
    });
    peer.on("data", read);
    peer.write(hello);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, socket, stream };
}

async function wait(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function sendFast(peer: Socket, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    if (!peer.write(bytes.subarray(at, at + chunkBytes))) await drained(peer);
  }
}

async function sendPaced(peer: Socket, bytes: Buffer, bytesPerSecond: number): Promise<void> {
  const startedMs = performance.now();
  for (let at = 0; at < bytes.length; ) {
    await wait(paceMs);
    const due = Math.min(bytes.length, Math.floor(((performance.now() - startedMs) / 1000) * bytesPerSecond));
    if (due <= at) continue;
    if (!peer.write(bytes.subarray(at, due))) await drained(peer);
    at = due;
  }
}

function drained(peer: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      peer.off("drain", settle).off("close", settle);
      if (peer.destroyed) reject(new Error("the gateway closed the connection"));
      else resolve();
    };
    peer.once("drain", settle).once("close", settle);
  });
}
