/** `aurora keys rotate`: the next root of an installation's update repository, made offline by the present root key. */
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { rotateKeys } from "../../collector/registry/rotate-keys.ts";
import { rootLifetimeMs, type TufRole, tufRoles } from "../../collector/registry/sign-root.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { renderIsoTime } from "../../core/contract/iso-time.ts";
import { dayMs } from "../../core/maths/durations.ts";
import { systemClock } from "../../core/platform/clock.ts";
import { parseInteger } from "../terminal/options.ts";
import { printReply } from "../terminal/print-reply.ts";

interface RotateFlags {
  readonly role?: readonly TufRole[];
  readonly years?: number;
  readonly json?: boolean;
}

export function rotateCommand(): Command {
  return new Command("rotate")
    .description("make the next root of the update repository: new keys for some roles, or a later end")
    .argument(
      "<dir>",
      "folder of the keys, with root.key (or the newest root-….key), root.json and the older roots",
    )
    .addOption(new Option("--role <role...>", "the roles that get a new key").choices(tufRoles))
    .option(
      "--years <n>",
      "how long the new root is good (default: 5); alone: with the same keys",
      parseInteger(1, 20),
    )
    .option("--json", "print what was made, and where it belongs, as JSON")
    .addHelpText(
      "after",
      `
Run it where the root key is, offline. The next root is signed by the present root key and by its
own; gateways follow from any older root by themselves, with the root.json that they were given,
also when that has expired. Keys are never overwritten: a new one has its id in its file's name.
What goes to the collector is printed; it is started again then, and signs by the new keys. The keys
of targets, snapshot and timestamp lie in one folder: if one is stolen, change all three. What to do
when a key is stolen or lost: src/KEYS.md

Examples:
  $ aurora keys rotate keys --role targets snapshot timestamp
  $ aurora keys rotate keys --role root
  $ aurora keys rotate keys --years 5
`,
    )
    .action(rotate);
}

async function rotate(folder: string, { role: roles = [], years, json }: RotateFlags): Promise<void> {
  const dir = resolve(folder);
  if (roles.length === 0 && years === undefined) {
    throw new AuroraError("USAGE", "nobody said what changes", {
      op: "make the next root",
      subject: dir,
      hint: `Name the roles that get a new key (--role ${tufRoles.join(" ")}), or --years for the same keys and a later end.`,
    });
  }
  const lifetimeMs = years === undefined ? rootLifetimeMs : years * 365 * dayMs;
  const made = await rotateKeys(dir, { roles, lifetimeMs, nowMs: systemClock.nowMs() });
  const { expiresMs, ...rest } = made;
  const expires = renderIsoTime(expiresMs);
  printReply(json, { dir, ...rest, expires }, () => {
    const { version, keyIds, forCollector, forOffline, replaced } = made;
    const lines = [
      `root ${version}, good until ${expires.slice(0, 10)}`,
      ...tufRoles.map((role) => `${role.padEnd(10)} ${keyIds[role]}${roles.includes(role) ? " (new)" : ""}`),
      "To the collector's registry.keysDir, root.json last, and start it again:",
      ...forCollector.map((file) => `  ${file}`),
      "Gateways follow by themselves. Publishers (`--root`) are given root.json once it is started.",
    ];
    if (forOffline.length > 0) lines.push(`Offline, beside root.json: ${forOffline.join(", ")}`);
    lines.push("Copy this whole folder to the second place, before anything is destroyed.");
    if (replaced.length > 0) lines.push(`Destroy, once gateways have followed: ${replaced.join(", ")}`);
    return `${lines.join("\n")}\n`;
  });
}
