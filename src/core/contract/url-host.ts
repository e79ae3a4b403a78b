/** The host of a URL, from a URL and into one: an IPv6 address stands in brackets there, and nowhere else. */

/** The host that a URL names, as a socket wants it. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

/** A name or an address as a URL wants it. */
export function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** Where one is reached from its own machine who listens on `host`: who listens on every address, on the loopback one. */
export function reachedHost(host: string): string {
  return host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
}
