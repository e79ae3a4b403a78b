/** The native parts of the installation: do they load on this processor and this Node? */
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { openSqlite } from "../../core/platform/sqlite/sqlite.ts";
import { bad, type CheckResult, good, skipped } from "./check-result.ts";

/** The student's engine is looked at with the models. */
export async function checkNativeParts({
  devices,
}: Pick<GatewayConfig, "devices">): Promise<readonly CheckResult[]> {
  return [checkSqlite(), await checkSerialLibrary(devices.some(({ connect }) => /^(\/|COM)/.test(connect)))];
}

function checkSqlite(): CheckResult {
  const database = openSqlite(":memory:");
  database.close();
  return good("SQLite", `loads on Node ${process.versions.node}, ${process.arch}`);
}

async function checkSerialLibrary(isNeeded: boolean): Promise<CheckResult> {
  if (!isNeeded) return skipped("serial library", "no device is on a serial port");
  try {
    const { listSerialPorts } = await import("../../../firmware-bridge/transports/serial-transport.ts");
    await listSerialPorts();
    return good("serial library", "loads");
  } catch (error) {
    const text = `does not load: ${error instanceof Error ? error.message : String(error)}`;
    return bad("serial library", text, "Install aurora for this processor and this Node once more.");
  }
}
