/** `aurora device`: microcontrollers, real and simulated. */
import { Command } from "commander";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { printableLine } from "../../core/platform/printable.ts";
import { findGatewayConfig, loadGatewayConfig } from "../ask/ask-gateway.ts";
import { listDevices, renderDeviceList } from "../device/list-devices.ts";
import { installedGatewayConfig } from "../terminal/options.ts";
import { printReply } from "../terminal/print-reply.ts";
import { deviceCaptureCommand } from "./device-capture.ts";
import { deviceImageCommand } from "./device-image.ts";
import { devicePushCommand } from "./device-push.ts";
import { deviceSimCommand } from "./device-sim.ts";

export function deviceCommand(): Command {
  return new Command("device")
    .addCommand(deviceListCommand())
    .addCommand(devicePushCommand())
    .addCommand(deviceImageCommand())
    .addCommand(deviceCaptureCommand())
    .addCommand(deviceSimCommand())
    .addHelpText(
      "after",
      "\nExample:\n  $ aurora device sim --connect tcp://127.0.0.1:4001 --fault inner-race\n",
    );
}

function deviceListCommand(): Command {
  return new Command("list")
    .description("list serial ports, and the devices of a configured gateway with their state and model")
    .option(
      "-c, --config <file>",
      `gateway configuration whose devices are listed (default: ${installedGatewayConfig} where it can be used)`,
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      "\nExample:\n  $ aurora device list\n  $ aurora device list --config gateway.yaml\n",
    )
    .action(async ({ config: path, json }: { readonly config?: string; readonly json?: boolean }) => {
      const config = path === undefined ? loadInstalledConfig() : loadGatewayConfig(path);
      const list = await listDevices(config);
      printReply(json, list, () => renderDeviceList(list));
    });
}

/** The service's; null, once it is said why, where it cannot be used: ports are listed all the same, as for who is just writing it. */
function loadInstalledConfig(): GatewayConfig | null {
  const found = findGatewayConfig(installedGatewayConfig);
  if (!("problem" in found)) return found;
  const note = `note: without --config only serial ports are listed: ${found.problem}`;
  process.stderr.write(`${printableLine(note)}\n`);
  return null;
}
