/** Looks whether what devices are connected by can be serial ports, each its own. Opens none; one that is not there may be plugged in yet. */
import { realpath, stat } from "node:fs/promises";
import { type ConfigFinding, formatKeyPath, type KeyPath } from "../../contract/config/config-finding.ts";
import type { GatewayConfig } from "../../contract/config/gateway-config.ts";

const writePort = "write the port's name, mostly /dev/serial/by-id/…; `aurora device list` shows them";

/** What is wrong with them, in their order. */
export async function checkSerialLines({
  devices,
}: Pick<GatewayConfig, "devices">): Promise<readonly ConfigFinding[]> {
  const findings: ConfigFinding[] = [];
  const users = new Map<string, KeyPath>();
  for (const [index, { connect }] of devices.entries()) {
    const path = ["devices", index, "connect"];
    if (/^COM\d/.test(connect) && process.platform !== "win32") {
      findings.push({
        path,
        value: connect,
        problem: "Windows alone has ports of this name",
        write: writePort,
      });
    }
    if (!connect.startsWith("/")) continue;
    const found = await stat(connect).catch(() => undefined);
    if (found === undefined) continue;
    if (!found.isCharacterDevice()) {
      const problem = `this is a ${found.isDirectory() ? "folder" : "file"}, and a serial port is needed`;
      findings.push({ path, value: connect, problem, write: writePort });
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
