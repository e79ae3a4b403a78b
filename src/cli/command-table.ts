/** Every subcommand with its one line of help; the code of a command is loaded only when it is called. */
import type { Command } from "commander";

/** One subcommand. */
export interface CommandEntry {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<Command>;
}

/** In the order of `aurora --help`. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: "config",
    description: "print the configuration's schema, or check a configuration file",
    load: async () => (await import("./commands/config.ts")).configCommand(),
  },
];
