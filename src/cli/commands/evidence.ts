/** `aurora evidence list|get|request`: the raw samples that a collector keeps, and asking for more. */
import { Command, Option } from "commander";
import { maxCaptureSeconds } from "../../core/contract/device/device-capture.ts";
import { evidenceKinds } from "../../core/contract/evidence.ts";
import type { EvidenceFilter } from "../../core/contract/evidence-list.ts";
import { addCollectorOptions } from "../ask/collector-options.ts";
import { parsePoint } from "../drift/ask-drift.ts";
import {
  askEvidence,
  findAnswer,
  findEvidenceId,
  maxListed,
  requestEvidence,
  sayHowToLook,
  waitForEvidence,
} from "../evidence/ask-evidence.ts";
import { fetchEvidence } from "../evidence/fetch-evidence.ts";
import { renderAnswer, renderEvidenceList, renderFetched } from "../evidence/render-list.ts";
import { expectNpyName, parseInteger, parseNumber } from "../terminal/options.ts";
import { printReply } from "../terminal/print-reply.ts";

interface EvidenceFlags {
  readonly collector: string;
  readonly json?: boolean;
}

interface ListFlags extends EvidenceFlags, EvidenceFilter {
  readonly limit: number;
}

interface RequestFlags extends EvidenceFlags {
  readonly seconds: number;
  readonly wait?: number | true;
  readonly out?: string;
}

export function evidenceCommand(): Command {
  return new Command("evidence")
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(requestCommand())
    .addHelpText(
      "after",
      `
Raw samples leave a site only where its gateway's configuration permits it (evidence.allow): what
surrounds an alarm, a healthy reference of each machine a month, and what a person asks for. A
collector keeps them for review and for training.

Example:
  $ aurora evidence list --turbine WT07 --kind alarm
  $ aurora evidence get 4f0c2a91b3d7 --out wt07.npy
  $ aurora score models/bearing-vibration/1.0.0 --input wt07.npy --out wt07.csv`,
    );
}

function listCommand(): Command {
  return addCollectorOptions(new Command("list"))
    .description("what there is, the newest first: of which machine, when, why, and what its model said")
    .option("--site <id>", "only this site")
    .option("--turbine <id>", "only this turbine")
    .option("--component <id>", "only this component")
    .addOption(new Option("--kind <kind>", "only what was taken for this").choices(evidenceKinds))
    .option("--alert <id>", "only what surrounds this alert")
    .option("--request <id>", "only what answers this request")
    .option("--limit <n>", "at most so many", parseInteger(1, maxListed), 50)
    .addHelpText(
      "after",
      `
--json prints what /api/v1/evidence answers, whose ids are whole.

Example:
  $ aurora evidence list --site north-sea --kind reference --json`,
    )
    .action(async ({ json, limit, ...question }: ListFlags) => {
      const reply = await askEvidence(question, limit);
      const { collector, request } = question;
      const isMissed = reply.total === 0 && request !== undefined && json !== true;
      const none = isMissed ? renderAnswer(request, await findAnswer(collector, request)) : undefined;
      printReply(json, reply, () => renderEvidenceList(reply, none));
    });
}

function getCommand(): Command {
  return addCollectorOptions(new Command("get"))
    .description("take one into a .npy and the .json beside it, for `aurora score`")
    .argument("<id>", "id of the evidence, or its first digits (eight or more)")
    .option("--out <file.npy>", "where the counts go (default: named after the point, here)")
    .addHelpText(
      "after",
      `
What came is held against its digests; what is damaged is not written. Where the shaft's speed
changes it comes in a third file, NAME.rpm.csv, which NAME.json names: keep the three together.

What a gateway would decide of it says \`aurora score DIR --decide --input NAME.npy\`; \`aurora
explain\` looks at its first window, which is seldom the alarm's. Figures come near to the alert's
and are seldom the same: windows begin elsewhere, and of a speed that changes two values a second
are kept.

Example:
  $ aurora evidence get 4f0c2a91b3d7 --collector https://collector.example --out wt07.npy`,
    )
    .action(async (text: string, { collector, out, json }: EvidenceFlags & { readonly out?: string }) => {
      if (out !== undefined) expectNpyName(out, "get raw evidence");
      const id = await findEvidenceId(collector, text);
      const fetched = await fetchEvidence({ collector, id, out });
      printReply(json, fetched, () => renderFetched(fetched));
    });
}

/** Of a slow line and the bytes of a day. */
const defaultWaitMinutes = 15;

function requestCommand(): Command {
  return addCollectorOptions(new Command("request"))
    .description("ask a gateway for raw samples of a point from now on, and wait for them if you like")
    .argument("<point>", "TURBINE/COMPONENT, or SITE/TURBINE/COMPONENT")
    .option("--seconds <n>", "seconds to record", parseNumber(0.1, maxCaptureSeconds), 10)
    .option(
      "--wait [minutes]",
      `wait until they have come, at most so long (default: ${defaultWaitMinutes})`,
      parseNumber(0, 10_000),
    )
    .option("--out <file.npy>", "wait, and take what came into this file")
    .addHelpText(
      "after",
      `
Both must permit it: the collector (evidence.requests) and the gateway (evidence.allow: [request]);
what the gateway refuses is told with its reason. Samples come in the last lane, within the
gateway's bytes of a day: over a slow line minutes later; where these are used up you are told until
when. A gateway is asked at most twelve times an hour, not counting what it refuses at once. A
recording holds 480,000 samples: 10 s at 48 kHz.

Example:
  $ aurora evidence request WT07/generator-bearing --seconds 9
  $ aurora evidence request north-sea/WT07/generator-bearing --wait 30 --out wt07.npy`,
    )
    .action(runRequest);
}

async function runRequest(name: string, flags: RequestFlags): Promise<void> {
  const { collector, seconds, wait, out, json } = flags;
  const point = parsePoint(name, "ask for raw samples");
  if (out !== undefined) expectNpyName(out, "get raw evidence");
  const { request, gateway, isWatched } = await requestEvidence({ ...point, collector, seconds });
  const asked = { request, gateway, seconds };
  const doubt = isWatched === true ? "" : `; whether it watches a component ${name} is not known here`;
  if (wait === undefined && out === undefined) {
    const hint = sayHowToLook({ collector, request });
    return printReply(
      json,
      { ...asked, evidence: null },
      () =>
        `Gateway ${gateway} is asked for ${seconds} s${doubt}. What comes, or why nothing does: ${hint}\n`,
    );
  }
  if (json !== true)
    process.stderr.write(`Gateway ${gateway} is asked for ${seconds} s (request ${request})${doubt}\n`);
  const minutes = typeof wait === "number" ? wait : defaultWaitMinutes;
  const onDelay = (reason: string): void => {
    if (json !== true) process.stderr.write(`${reason}\n`);
  };
  const endMs = performance.now() + 60_000 * minutes;
  await waitForEvidence({ collector, request, gateway, endMs, onDelay }, async (evidence) => {
    if (out === undefined) {
      const reply = { items: [evidence], total: 1, limit: 1, offset: 0 };
      return printReply(json, { ...asked, evidence }, () => renderEvidenceList(reply));
    }
    const fetched = await fetchEvidence({ collector, id: evidence.id, out });
    const { out: file, sidecar, speed } = fetched;
    printReply(json, { ...asked, evidence, out: file, sidecar, speed }, () => renderFetched(fetched));
  });
}
