/** TCP devices that send one encoded stream as fast as the gateway reads, or at a pace. */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type BenchStream, createBenchHandshake } from "./bench-stream.ts";

/** A set of listening devices. */
export interface BenchDevices {
  readonly addresses: readonly string[];
  /** Starts to send; resolves when every device has handed over its stream. */
  send(samplesPerSecond: number): Promise<void>;
  close(): void;
}

const paceMs = 4;
const chunkBytes = 256 * 1024;

/** Starts `count` devices named `mcu-1` …; they introduce themselves at once and send when told. */
export async function startBenchDevices(count: number, stream: BenchStream): Promise<BenchDevices> {
  const devices = await Promise.all(
    Array.from({ length: count }, (_, index) => listen(index + 1, stream.sampleRateHz)),
  );
  return {
    addresses: devices.map(({ server }) => `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`),
    send: async (samplesPerSecond) => {
      const bytesPerSecond = (samplesPerSecond * stream.bytesPerSample) / count;
      await Promise.all(
        devices.map(async ({ socket }, index) => {
          const peer = await socket;
          if (Number.isFinite(bytesPerSecond)) {
            // Turbines do not turn in step: their windows end one after the other, not all at once.
            const secondBytes = stream.bytesPerSample * stream.sampleRateHz;
            await wait((1000 * secondBytes * index) / count / bytesPerSecond);
            await sendPaced(peer, stream.bytes, bytesPerSecond);
          } else {
            await sendFast(peer, stream.bytes);
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
  sampleRateHz: number,
): Promise<{ server: Server; socket: Promise<Socket> }> {
  let connected = (_socket: Socket): void => {};
  const socket = new Promise<Socket>((resolve) => {
    connected = resolve;
  });
  const server = createServer((peer) => {
    peer.on("error", () => {});
    // It answers the configuration and passes over what else comes: TCP's own flow control is what paces the bench.
    const { hello, read } = createBenchHandshake(`mcu-${number}`, sampleRateHz, (acknowledgement) => {
      peer.off("data", read).resume();
      peer.write(acknowledgement);
      connected(peer);
    });
    peer.on("data", read);
    peer.write(hello);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, socket };
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
