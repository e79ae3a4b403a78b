/** `aurora bundle publish`: a signed bundle to a running collector, which offers it to its gateways. */
import { Command } from "commander";
import type { Bundle } from "../../core/bundle/bundle.ts";
import { loadPrivateKey } from "../../core/bundle/keys.ts";
import { readBundle } from "../../core/bundle/verify-bundle.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { ungatedWords } from "../../core/contract/bundle/lineage.ts";
import { maxRootBytes } from "../../core/contract/publication.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import { tryBundle } from "../../core/serving/loaded-bundle.ts";
import { defaultCollectorUrl } from "../ask/ask-collector.ts";
import { type PublishedNow, publishBundle } from "../bundle/publish-bundle.ts";
import { createRegistryClient } from "../bundle/registry-client.ts";
import { parseNumber } from "../terminal/options.ts";
import { printReply } from "../terminal/print-reply.ts";
import { createProgressBar } from "../terminal/progress-bar.ts";

interface PublishFlags {
  readonly key: string;
  readonly collector: string;
  readonly root?: string;
  readonly wait?: number;
  readonly ungated?: boolean;
  readonly json?: boolean;
}

/** A collector that was started anew, and its sibling's lease, take less. */
const usualWaitSeconds = 60;

export function publishCommand(): Command {
  return new Command("publish")
    .description("have a running collector offer a signed bundle to its gateways")
    .argument("<dir>", "the bundle's folder")
    .requiredOption("--key <file>", "your private publisher key (`aurora keys publisher`)")
    .option("--collector <url>", "address of the collector's page, http or https", defaultCollectorUrl)
    .option("--root <file>", "root.json that the collector must have: publish to this installation alone")
    .option(
      "--wait <seconds>",
      "how long a collector that does not answer is waited for (default: 60 where it has answered before, else not at all)",
      parseNumber(0, 86_400),
    )
    .option(
      "--ungated",
      "publish a bundle that was written without asking its gate (`aurora train --ungated`)",
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
The bundle must be signed by a key that the collector and its gateways trust (\`aurora bundle sign\`);
the publisher's key only says who may have it offered. The collector lists the publisher's public
key:
  registry:
    keysDir: …
    publishers: [{ name: ci, keyFile: /etc/aurora/keys/ci.pub, models: ["bearing-*"] }]
Broken off and called again, it goes on where it stood. An address where no collector answers is
told at once; with --wait it is waited for where that may help, as where one is being started.
Gateways take what is offered by themselves: verified, proved on their own machine, then swapped in
(\`GET /api/v1/updates\`). Which key is for what: src/KEYS.md.

Example:
  $ aurora bundle publish models/bearing-vibration/1.1.0 \\
      --collector https://collector.example --key keys/ci.key
`,
    )
    .action(publish);
}

async function publish(dir: string, flags: PublishFlags): Promise<void> {
  const { key, collector, root, wait, json } = flags;
  const bundle = await readBundle(dir);
  refuseUngated(bundle, flags);
  // What every gateway would refuse is offered to none.
  await tryBundle(dir, bundle);
  const publisher = await loadPrivateKey(key);
  const bar = createProgressBar();
  let told = "";
  try {
    const published = await publishBundle({
      bundle,
      publisher,
      client: createRegistryClient(collector),
      collector,
      root: root === undefined ? null : sha256Hex(await readFileBounded(root, maxRootBytes)),
      firstPatienceMs: (wait ?? 0) * 1_000,
      patienceMs: (wait ?? usualWaitSeconds) * 1_000,
      onProgress: (sent, of) => bar.update(Math.round(sent / 1024), Math.round(of / 1024), "KiB"),
      onBreak: (message) => {
        // The same words once.
        if (message !== told) bar.log(`${message}; waiting`);
        told = message;
      },
    });
    bar.end();
    const { bundle: served, isNew, repository } = published;
    const result = { ...served, isNew, repository, collector, publisher: publisher.keyId };
    printReply(json, result, () => render(published, collector));
  } finally {
    bar.end();
  }
}

/** Fails with PUBLISH where nobody asked the gate, and nobody says that this is meant. */
function refuseUngated({ manifest }: Bundle, { ungated }: Pick<PublishFlags, "ungated">): void {
  const { name, version, lineage } = manifest;
  if (lineage.ungated !== true || ungated === true) return;
  throw new AuroraError("PUBLISH", `${name}@${version} was ${ungatedWords}`, {
    op: "publish bundle",
    subject: `${name}@${version}`,
    hint: "train it without --ungated, so that the gate is asked; or, where gateways are to have it all the same, publish it with --ungated",
  });
}

function render({ bundle, isNew }: PublishedNow, collector: string): string {
  const subject = `${bundle.name}@${bundle.version}`;
  const digest = `digest ${bundle.digest}`;
  const state = isNew ? "is offered to gateways now" : "was offered to gateways already";
  const aside = bundle.isNewest
    ? ""
    : `a higher version of ${bundle.name} is offered as well, and gateways take the highest: this one only serves where that is refused\n`;
  return `${subject} ${state} by ${collector}\n${digest}\n${aside}`;
}
