/**
 * Gateways that look for updates, each every five minutes on a connection of its own, as a gateway does that has nothing to
 * fetch: is there a newer root, and which timestamp stands?
 */
import { get } from "node:http";

/** Between two looks of a gateway, seconds; the default of `updates.pollSeconds`. */
const everySeconds = 300;

/** How long looks took, ms, and how many had no good answer. */
export interface CheckInFigures {
  readonly times: readonly number[];
  readonly failed: number;
}

/** Lets gateways look, evenly in time, for so many seconds after a first time that does not count. */
export async function checkIn(options: {
  readonly url: string;
  readonly gateways: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}): Promise<CheckInFigures> {
  const { url, warmUpSeconds, seconds } = options;
  const times: number[] = [];
  let failed = 0;
  const looks: Promise<void>[] = [];
  const look = async (counts: boolean): Promise<void> => {
    const beginMs = performance.now();
    try {
      await ask(`${url}/tuf/metadata/2.root.json`, 404);
      await ask(`${url}/tuf/metadata/timestamp.json`, 200);
      if (counts) times.push(performance.now() - beginMs);
    } catch {
      failed += 1;
    }
  };
  const startMs = performance.now();
  const periodMs = (everySeconds * 1_000) / options.gateways;
  const total = Math.floor(((warmUpSeconds + seconds) * 1_000) / periodMs);
  for (let index = 0; index < total; index++) {
    const waitMs = startMs + index * periodMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    looks.push(look(index * periodMs >= warmUpSeconds * 1_000));
  }
  await Promise.all(looks);
  return { times, failed };
}

function ask(url: string, expected: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: 10_000 }, (response) => {
      response.resume();
      response.once("end", () => {
        if (response.statusCode === expected) resolve();
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    request.once("timeout", () => request.destroy(new Error("no answer within 10 s")));
    request.once("error", reject);
  });
}
