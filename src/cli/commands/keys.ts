/** `aurora keys`: the keys of an installation, and a private authority for a site that wants TLS and has none. */
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { createInstallationKeys } from "../../collector/registry/installation-keys.ts";
import { createKeyPair, writeKeyPair } from "../../core/bundle/keys.ts";
import { idPattern } from "../../core/contract/topics.ts";
import { systemClock } from "../../core/platform/clock.ts";
import { printableQuoted } from "../../core/platform/printable.ts";
import { type CertificateWish, createAuthority, issueForSite } from "../fleet/site-authority.ts";
import { parseHost, parseInteger } from "../terminal/options.ts";
import { printReply } from "../terminal/print-reply.ts";
import { rotateCommand } from "./keys-rotate.ts";

interface IssueOptions {
  readonly days: number;
  readonly json?: boolean;
}

const maxDays = 7300;
/** Of X.509's upper bound for a common name (RFC 5280, ub-common-name). */
const maxCommonName = 64;

export function keysCommand(): Command {
  const command = new Command("keys").addHelpText(
    "after",
    `
Who has which key, which public one who needs, and what to do when one is lost: src/KEYS.md

Examples:
  $ aurora keys init /etc/aurora/keys
  $ aurora keys rotate keys --role targets snapshot timestamp
  $ aurora keys publisher keys ci
  $ aurora keys authority /etc/aurora/tls
`,
  );
  addInit(command);
  command.addCommand(rotateCommand());
  addPublisher(command);
  addAuthority(command);
  addIssue(command, "server");
  addIssue(command, "client");
  return command;
}

function addInit(command: Command): void {
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
        "The collector needs targets.key, snapshot.key, timestamp.key and root.json; every gateway needs\n" +
        "root.json and release.pub. Take root.key and release.key offline: who has them decides\nwhat the fleet runs.\n",
    )
    .action(async (dir: string, options: { readonly json?: boolean }) => {
      const folder = resolve(dir);
      const { keyIds, rootFile } = await createInstallationKeys(folder, systemClock.nowMs());
      printReply(options.json, { dir: folder, rootFile, keyIds }, () => {
        const keys = Object.entries(keyIds)
          .map(([name, keyId]) => `${name.padEnd(10)} ${keyId}\n`)
          .join("");
        return `${keys}${rootFile}: for every gateway\nTake root.key and release.key offline now.\n`;
      });
    });
}

function addPublisher(command: Command): void {
  command
    .command("publisher")
    .description("make a key pair for somebody who publishes bundles to a collector")
    .argument("<dir>", "folder for it; made if missing")
    .argument("<name>", "what the collector's record of publications calls them", parseFileName)
    .option("--json", "print the paths and the key's id as JSON")
    .addHelpText(
      "after",
      `
The collector lists the public half, and which models it may publish; without that nobody may
(registry.publishers).

Example:
  $ aurora keys publisher keys ci
`,
    )
    .action(async (folder: string, name: string, options: { readonly json?: boolean }) => {
      const dir = resolve(folder);
      const pair = createKeyPair();
      await writeKeyPair(dir, name, pair);
      const { keyId } = pair;
      const [keyFile, publicKeyFile] = [join(dir, `${name}.key`), join(dir, `${name}.pub`)];
      printReply(
        options.json,
        { name, keyId, keyFile, publicKeyFile },
        () =>
          `${keyFile}: for whoever publishes (aurora bundle publish --key)\n${publicKeyFile}: for the collector:\n` +
          `  registry:\n    publishers:\n      - { name: ${JSON.stringify(name)}, keyFile: ${printableQuoted(publicKeyFile)}, models: ["*"] }\n`,
      );
    });
}

function addAuthority(command: Command): void {
  command
    .command("authority")
    .description(
      "make a private authority for a site: what its broker's and clients' certificates are signed by",
    )
    .argument("<dir>", "folder for it; made if missing")
    .option("--name <name>", "its name, which certificates bear", parseName, "aurora site authority")
    .option("--days <n>", "days that it holds", parseInteger(1, maxDays), maxDays)
    .option("--json", "print the paths as JSON")
    .addHelpText(
      "after",
      `
Then a certificate for the broker's host and one for each client (a gateway's name is its
gateway.id):
  aurora keys server DIR HOST
  aurora keys client DIR NAME
Take ca.key offline afterwards: who has it can be any of them. A fleet that is enrolled (\`aurora
fleet enrol --tls\`) has an authority already.

Example:
  $ aurora keys authority /etc/aurora/tls
`,
    )
    .action(async (dir: string, { name, days, json }: IssueOptions & { readonly name: string }) => {
      const made = await createAuthority({ dir: resolve(dir), days, nowMs: systemClock.nowMs() }, name);
      const text = `${made.caFile}: for everybody (mqtt.caFile)\n${made.keyFile}: for nobody; take it offline when all have theirs\n`;
      printReply(json, made, () => text);
    });
}

function addIssue(command: Command, use: CertificateWish["use"]): void {
  const isServer = use === "server";
  const whose = isServer
    ? "the broker at a host"
    : "a client of the broker: a gateway, a collector, a device";
  const example = isServer ? "mqtt.example.com" : "gw-wt01";
  const after = isServer
    ? "mosquitto: cafile ca.pem, certfile cert.pem, keyfile key.pem, and require_certificate true\nfor clients with certificates."
    : `A gateway and a collector alike:

  mqtt: { url: mqtts://HOST:8883, caFile: /etc/aurora/ca.pem,
          certFile: /etc/aurora/cert.pem, keyFile: /etc/aurora/key.pem }`;
  command
    .command(use)
    .description(`make a key and a certificate for ${whose}`)
    .argument("<dir>", "folder of the authority")
    .argument(
      isServer ? "<host>" : "<name>",
      isServer
        ? "host name or IPv4 address, as clients connect to it"
        : "user name that the broker knows it by: a gateway's id, or GATEWAY/DEVICE of a microcontroller",
      isServer ? parseHost : parseClientName,
    )
    .option(
      "--days <n>",
      "days that it holds, at most as long as the authority",
      parseInteger(1, maxDays),
      3650,
    )
    .option("--json", "print the paths as JSON")
    .addHelpText("after", `\n${after}\n\nExample:\n  $ aurora keys ${use} /etc/aurora/tls ${example}\n`)
    .action(async (dir: string, name: string, { days, json }: IssueOptions) => {
      const made = await issueForSite({ dir: resolve(dir), name, use, days, nowMs: systemClock.nowMs() });
      const expires = new Date(made.expiresMs).toISOString();
      const text = `${made.dir}: ca.pem, cert.pem and key.pem for ${name}, until ${expires.slice(0, 10)}\n`;
      printReply(json, { ...made, expires }, () => text);
    });
}

/** The name of a publisher, and of its files. */
function parseFileName(text: string): string {
  if (idPattern.test(text)) return text;
  throw new InvalidArgumentError("Letters, digits, dot, dash and underscore; at most 63.");
}

/** A common name, and the name of a folder. */
function parseName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$/.test(text) && !text.startsWith("ca.")) return text;
  throw new InvalidArgumentError("Letters, digits, blank, dot, dash and underscore; at most 63; not ca.….");
}

/** A common name, or two of a gateway and its device with a slash between them. */
function parseClientName(text: string): string {
  const parts = text.split("/");
  if (parts.length <= 2 && text.length <= maxCommonName) return parts.map(parseName).join("/");
  throw new InvalidArgumentError(`A gateway's id, or GATEWAY/DEVICE; at most ${maxCommonName} characters.`);
}
