/** Names and addresses of this machine's loopback interface. */

const names: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]", "::1"]);

/** Is `host` (without port) this machine itself? */
export function isLoopbackHost(host: string): boolean {
  return names.has(host.toLowerCase());
}

/** Is the address of a connection's other end this machine's loopback interface? */
export function isLoopbackAddress(address: string | undefined): boolean {
  return address === "::1" || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address ?? "");
}
