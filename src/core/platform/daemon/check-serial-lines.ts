/** Looks whether what devices are connected by can be serial ports, each its own. Opens none; one that is not there may be plugged in yet. */
import { realpath, stat } from "node:fs/promises";
import { type ConfigFinding, formatKeyPath, type KeyPath } from "../../contract/config/config-finding.ts";
import type { GatewayConfig } from "../../contract/config/gateway-config.ts";

/** What is wrong with them, in their order. */
export async function checkSerialLines({
  devices,
}: Pick<GatewayConfig, "devices">): Promise<readonly ConfigFinding[]> {
  const findings: ConfigFinding[] = [];
  const users = new Map<string, KeyPath>();
  for (const [index, { connect }] of devices.entries()) {
    if (!connect.startsWith("/")) continue;
    const path = ["devices", index, "connect"];
    const found = await stat(connect).catch(() => undefined);
    if (found === undefined) continue;
    if (!found.isCharacterDevice()) {
      const problem = `this is a ${found.isDirectory() ? "folder" : "file"}, and a serial port is needed`;
      const write = "write the port's name, mostly /dev/serial/by-id/…; `aurora device list` shows them";
      findings.push({ path, value: connect, problem, write });
      continue;
    }
    const port = await realpath(connect).catch(() => connect);
    const first = users.get(port);
    if (first === undefined) users.set(port, path);
    else {
      const problem = `this leads to ${port}, as ${formatKeyPath(first)} does`;
      findings.push({ path, value: connect, problem, write: "give every device a line or port of its own" });
    }
  }
  return findings;
}
