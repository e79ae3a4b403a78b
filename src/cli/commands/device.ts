/** `aurora device`: microcontrollers, real and simulated. */
import { Command } from "commander";
import { deviceSimCommand } from "./device-sim.ts";

/** Builds the command. */
export function deviceCommand(): Command {
  return new Command("device").addCommand(deviceSimCommand());
}
