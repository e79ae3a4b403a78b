/** The options of every command that asks a collector and prints its answer. */
import type { Command } from "commander";
import { defaultCollectorUrl } from "./ask-collector.ts";

/** Adds `--collector` and `--json`. */
export function addCollectorOptions(command: Command): Command {
  return command
    .option("--collector <url>", "address of the collector's page, http or https", defaultCollectorUrl)
    .option("--json", "print one JSON object");
}
