/** What a gateway is told on its topic `desired`: look for signed updates. It says when, and decides nothing. */

/** An order to look. */
interface UpdateNudge {
  /** Within this time, at random. */
  readonly spreadMs: number;
}

/** A few gateways look at once; of a large fleet so many that one collector can serve them, and each before its own time. */
const shortestMs = 1_000;
const msPerGateway = 30;
const longestMs = 300_000;

/** What every gateway of a fleet is told, as published. */
export function encodeNudge(gateways: number): string {
  const spreadMs = Math.min(longestMs, Math.max(shortestMs, gateways * msPerGateway));
  return JSON.stringify({ spreadMs } satisfies UpdateNudge);
}

/** Reads what came, parsed from JSON; a collector of before says nothing of a time, and then it is short. */
export function readNudge(said: unknown): UpdateNudge {
  const { spreadMs } = (said ?? {}) as { readonly spreadMs?: unknown };
  const isGood = typeof spreadMs === "number" && spreadMs >= 0 && spreadMs <= longestMs;
  return { spreadMs: isGood ? spreadMs : shortestMs };
}
