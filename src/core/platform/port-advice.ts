/** What to do where a server cannot listen, by the reason that the system gives. */
import { systemCodeOf } from "../contract/aurora-error.ts";

/** @param key of the configuration that holds the port */
export function adviseOfPort(cause: unknown, key: string): string {
  switch (systemCodeOf(cause)) {
    case "EACCES":
      return `Choose a port from 1024 on (${key}), or permit the service the others by \`systemctl edit\` of its unit: [Service] AmbientCapabilities=CAP_NET_BIND_SERVICE, CapabilityBoundingSet=CAP_NET_BIND_SERVICE and PrivateUsers=no, a line each.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `Name an address of this machine beside ${key}.`;
    default:
      return `Choose another port (${key}; 0 for any), or stop what listens there.`;
  }
}
