/**
 * A link that is as bad as it is told to be, as a TCP proxy: slow, far, lossy, cut, half-open, deaf. It changes no byte
 * and no order, but for a link that repeats and delays whole MQTT messages.
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import { createRandom, type Random } from "../../src/core/maths/random.ts";
import { listeningPort } from "../../test/support/listening-port.ts";
import { createMessageShuffler } from "./shuffle-messages.ts";

/** How bad. What is left out is as on a good link. */
export interface LinkProfile {
  readonly name: string;
  /** One way, ms; and how much more it may be, drawn for each piece. */
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  readonly bytesPerSecond?: number;
  /** Share of pieces that were lost, and how long their repetition holds up what follows, at most, ms. */
  readonly lossShare?: number;
  readonly lossMs?: number;
  /** Connections are reset after this long, ms, drawn between half of it and all. */
  readonly resetAfterMs?: number;
  /** Nobody is let through for `forMs` of every `everyMs`: what is connected is cut. */
  readonly offline?: { readonly everyMs: number; readonly forMs: number };
  /** After this long a connection carries nothing any more, and nobody tells. */
  readonly muteAfterMs?: number;
  /** Of every `everyMs`, for `forMs` nothing comes back, and what would have is lost with its connection a while later. */
  readonly deaf?: { readonly everyMs: number; readonly forMs: number };
  /** Share of the MQTT messages that come twice, and of those that come late by up to `lateMs`. */
  readonly twiceShare?: number;
  readonly lateShare?: number;
  readonly lateMs?: number;
}

export interface ShapedLink {
  readonly port: number;
  /** Another profile from now on, for connections that come. */
  become(profile: LinkProfile): void;
  readonly connections: number;
  readonly bytes: number;
  close(): Promise<void>;
}

/** Opens a link to a port on loopback. */
export async function openShapedLink(
  targetPort: number,
  first: LinkProfile,
  seed: number,
): Promise<ShapedLink> {
  const random = createRandom(seed).fork(first.name);
  const startedMs = performance.now();
  const sockets = new Set<Socket>();
  const counts = { connections: 0, bytes: 0 };
  let profile = first;

  const isWithin = (stretch: { readonly everyMs: number; readonly forMs: number } | undefined): boolean =>
    stretch !== undefined && (performance.now() - startedMs) % stretch.everyMs < stretch.forMs;

  const carry = (client: Socket): void => {
    if (isWithin(profile.offline)) {
      client.resetAndDestroy();
      return;
    }
    counts.connections += 1;
    const server = connect(targetPort, "127.0.0.1");
    const both = [client, server];
    const drop = (): void => {
      for (const socket of both) socket.destroy();
    };
    for (const socket of both) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", drop).on("close", () => {
        sockets.delete(socket);
        drop();
      });
    }
    const bornMs = performance.now();
    const current = profile;
    const isMute = (): boolean =>
      current.muteAfterMs !== undefined && performance.now() - bornMs > current.muteAfterMs;
    const count = (bytes: number): void => {
      counts.bytes += bytes;
    };
    shape(client, server, { profile: current, random, count, isLost: isMute });
    shape(server, client, {
      profile: current,
      random,
      count,
      isLost: () => isMute() || isWithin(current.deaf),
    });
    const ends: NodeJS.Timeout[] = [];
    if (current.resetAfterMs !== undefined)
      ends.push(setTimeout(drop, current.resetAfterMs * (0.5 + random.uniform() / 2)));
    if (current.offline !== undefined || current.deaf !== undefined) {
      let wasDeaf = false;
      ends.push(
        setInterval(() => {
          const isDeaf = isWithin(current.deaf);
          if (isWithin(current.offline) || (wasDeaf && !isDeaf)) drop();
          wasDeaf = isDeaf;
        }, 50),
      );
    }
    client.once("close", () => {
      for (const end of ends) clearTimeout(end);
    });
  };
  const server: Server = createServer(carry);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: listeningPort(server),
    become: (next) => {
      profile = next;
      for (const socket of sockets) socket.destroy();
    },
    get connections() {
      return counts.connections;
    },
    get bytes() {
      return counts.bytes;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What one way of a connection goes by. */
interface Way {
  readonly profile: LinkProfile;
  readonly random: Random;
  readonly count: (bytes: number) => void;
  readonly isLost: () => boolean;
}

/** Bytes under way beyond which the sender is held up, as a socket's buffers would. */
const maxUnderWay = 131_072;
/** Of one segment: what is lost is lost in such pieces. */
const segmentBytes = 1_448;

function shape(from: Socket, to: Socket, { profile, random, count, isLost }: Way): void {
  const { latencyMs = 0, jitterMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY } = profile;
  const { lossShare = 0, lossMs = 0, twiceShare = 0, lateShare = 0, lateMs = 0 } = profile;
  const shuffler =
    twiceShare + lateShare > 0 ? createMessageShuffler({ twiceShare, lateShare, lateMs, random }) : null;
  // On a slow line the first bytes arrive long before the last.
  const pieceBytes = Number.isFinite(bytesPerSecond) ? segmentBytes : 16_384;
  let underWay = 0;
  let freeAtMs = 0;
  let arrivesMs = 0;
  /** Timers of fractions of a millisecond do not end in their order: each delivers what is next. */
  const pieces: Uint8Array[] = [];
  const deliver = (): void => {
    const bytes = pieces.shift()!;
    underWay -= bytes.length;
    if (underWay <= maxUnderWay) from.resume();
    if (!isLost() && !to.destroyed) to.write(bytes);
  };
  const send = (bytes: Uint8Array): void => {
    const nowMs = performance.now();
    freeAtMs = Math.max(nowMs, freeAtMs) + (bytes.length * 1000) / bytesPerSecond;
    let delayMs = latencyMs + jitterMs * random.uniform();
    if (random.uniform() < lossShare * Math.ceil(bytes.length / segmentBytes))
      delayMs += lossMs * (0.1 + 0.9 * random.uniform());
    arrivesMs = Math.max(arrivesMs, freeAtMs + delayMs);
    underWay += bytes.length;
    if (underWay > maxUnderWay) from.pause();
    pieces.push(bytes);
    setTimeout(deliver, arrivesMs - nowMs);
  };
  from.on("data", (bytes: Buffer) => {
    count(bytes.length);
    if (shuffler === null) {
      for (let at = 0; at < bytes.length; at += pieceBytes) send(bytes.subarray(at, at + pieceBytes));
    } else {
      shuffler.push(bytes, send);
    }
  });
}
