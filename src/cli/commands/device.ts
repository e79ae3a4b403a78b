/** `aurora device`: microcontrollers, real and simulated. */
import { Command } from "commander";
import { deviceCaptureCommand } from "./device-capture.ts";
import { deviceListCommand } from "./device-list.ts";
import { devicePushCommand } from "./device-push.ts";
import { deviceSimCommand } from "./device-sim.ts";

/** Builds the command. */
export function deviceCommand(): Command {
  return new Command("device")
    .addCommand(deviceListCommand())
    .addCommand(devicePushCommand())
    .addCommand(deviceCaptureCommand())
    .addCommand(deviceSimCommand())
    .addHelpText(
      "after",
      "\nExample:\n  $ aurora device sim --connect tcp://127.0.0.1:4001 --fault inner-race\n",
    );
}
