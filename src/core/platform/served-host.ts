/**
 * By which names an HTTP server is asked (RFC 9110 section 7.2). A page whose own name was resolved to this machine (DNS rebinding) reads
 * and orders as if it came from here; only the Host header shows it, as no page gives itself another. Knows nothing of who asks.
 */
import { isIP } from "node:net";
import { hostname } from "node:os";
import type { Logger } from "./logger.ts";

const sayAgainMs = 60_000;

/** By which names a server is reached. */
export interface ServedNames {
  /** What it listens on. */
  readonly host: string;
  /** Of its configuration. */
  readonly names: readonly string[];
  /** Of the configuration's key, for who is refused. */
  readonly key: string;
}

/** Of a request's Host headers. */
interface HostCheck {
  isServed(headers: readonly string[] | undefined): boolean;
  /** Null for one that is served, else why not, which is told in the log as well, at most once a minute. */
  refuse(headers: readonly string[] | undefined): string | null;
}

/**
 * Creates the check of requests' Host headers. Addresses need no entry, since whom they reach no name server decides, nor does this
 * machine's own name.
 */
export function createHostCheck({ host, names, key }: ServedNames, logger: Logger): HostCheck {
  const own = hostname();
  const short = own.split(".", 1)[0]!;
  const served = new Set(
    ["localhost", own, short, `${short}.local`, host, ...names].map((name) => name.toLowerCase()),
  );
  let toldMs = Number.NEGATIVE_INFINITY;
  const check = (headers: readonly string[] = []): string | null => {
    const asked = headers.length === 1 ? readHost(headers[0]!) : null;
    if (asked === null) return "a request names its host once, as name or name:port";
    if (isIP(asked) !== 0 || served.has(asked)) return null;
    return `"${asked}" is no name of this server; if it is, write it into ${key} of its configuration`;
  };
  return {
    isServed: (headers) => check(headers) === null,
    refuse(headers) {
      const reason = check(headers);
      const nowMs = performance.now();
      if (reason !== null && nowMs - toldMs >= sayAgainMs) {
        toldMs = nowMs;
        logger.warn("a request was refused for the host that it names", { reason });
      }
      return reason;
    },
  };
}

/**
 * Without port, brackets and the root's dot, in lower case; null for any other form: what reads `127.0.0.1:1@elsewhere` as this machine
 * would take a foreign page for its own.
 */
function readHost(header: string): string | null {
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]{1,254}?)\.?)(?::\d{1,5})?$/.exec(header);
  return (found?.[1] ?? found?.[2])?.toLowerCase() ?? null;
}
