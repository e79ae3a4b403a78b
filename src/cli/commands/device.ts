/** `aurora device`: microcontrollers, real and simulated. */
import { Command } from "commander";
import { loadGatewayConfig } from "../ask/ask-gateway.ts";
import { listDevices, renderDeviceList } from "../device/list-devices.ts";
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
    .option("-c, --config <file>", "gateway configuration whose devices are listed")
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExample:\n  $ aurora device list --config /etc/aurora/gateway.yaml\n")
    .action(async ({ config: path, json }: { readonly config?: string; readonly json?: boolean }) => {
      const config = path === undefined ? null : loadGatewayConfig(path);
      const list = await listDevices(config);
      printReply(json, list, () => renderDeviceList(list));
    });
}
