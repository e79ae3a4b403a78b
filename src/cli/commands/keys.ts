/** `aurora keys init`: the keys of an installation. */
import { Command } from "commander";
import { createInstallationKeys } from "../../collector/registry/installation-keys.ts";
import { systemClock } from "../../core/platform/clock.ts";

export function keysCommand(): Command {
  const command = new Command("keys").addHelpText(
    "after",
    "\nExample:\n  $ aurora keys init /etc/aurora/keys\n",
  );
  command
    .command("init")
    .description(
      "make the keys of this installation's update repository, and a release key for bundles of your own",
    )
    .argument("<dir>", "folder for the keys; made if missing")
    .option("--json", "print the key ids as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  $ aurora keys init /etc/aurora/keys\n\n" +
        "The collector needs targets.key, snapshot.key, timestamp.key and root.json; every gateway needs root.json and\n" +
        "release.pub. Take root.key and release.key offline: who has them decides what the fleet runs.\n",
    )
    .action(async (dir: string, options: { readonly json?: boolean }) => {
      const { keyIds, rootFile } = await createInstallationKeys(dir, systemClock.nowMs());
      if (options.json === true) {
        process.stdout.write(`${JSON.stringify({ dir, rootFile, keyIds })}\n`);
        return;
      }
      for (const [name, keyId] of Object.entries(keyIds)) {
        process.stdout.write(`${name.padEnd(10)} ${keyId}\n`);
      }
      process.stdout.write(`${rootFile}: for every gateway\nTake root.key and release.key offline now.\n`);
    });
  return command;
}
