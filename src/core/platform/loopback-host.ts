/** Names of this machine's loopback interface, as they stand in addresses and in the Host header. */

const names: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]", "::1"]);

/**
 * Is `host` (without port) this machine itself? A server on loopback that answers for any other name can be read by a
 * foreign page whose name resolves to 127.0.0.1 (DNS rebinding).
 */
export function isLoopbackHost(host: string): boolean {
  return names.has(host.toLowerCase());
}

/**
 * The name in a Host header, without its port; empty for one that is missing or has another form (RFC 9110 section 7.2):
 * what reads `127.0.0.1:1@elsewhere` as this machine would take a foreign page for its own.
 */
export function readHostHeader(header: string | undefined): string {
  return /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/.exec(header ?? "")?.[1] ?? "";
}

/** Is the address of a connection's other end this machine's loopback interface? */
export function isLoopbackAddress(address: string | undefined): boolean {
  return address === "::1" || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address ?? "");
}
