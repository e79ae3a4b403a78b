/** Raw evidence as text for a terminal. */
import type { EvidenceAbout } from "../../core/contract/evidence.ts";
import type { EvidenceListReply, RecordedEvidence } from "../../core/contract/evidence-list.ts";
import { sayPoint } from "../terminal/render-drift.ts";
import { renderScoreCall } from "../terminal/render-score-call.ts";
import { refusalHint } from "./ask-evidence.ts";
import type { FetchedEvidence } from "./fetch-evidence.ts";

/** A line each, and how many more there are. @param refusal why nothing came of what was asked for; null: nobody says so */
export function renderEvidenceList(
  { items, total }: EvidenceListReply,
  refusal: string | null = null,
): string {
  if (total === 0) {
    const permits =
      "A gateway sends raw samples only where its own configuration permits it (evidence.allow).";
    return `There is no such evidence.\n${refusal === null ? permits : `${refusal}\n${refusalHint}`}\n`;
  }
  const lines = items.map(renderLine);
  const more = total > items.length ? [`${items.length} of ${total}; --limit shows more`] : [];
  return `${[...lines, ...more].join("\n")}\n`;
}

function renderLine(item: RecordedEvidence): string {
  const { id, kind, fromMs, toMs, samples, said } = item;
  const seconds = ((toMs - fromMs) / 1_000).toFixed(1);
  const when = new Date(fromMs).toISOString().replace(/\.\d+Z$/, "Z");
  return `${id.slice(0, 12)}  ${kind.padEnd(9)}  ${when}  ${seconds} s, ${samples} samples  ${sayPoint(item)}: ${describeVerdict(said)}`;
}

/** What was written, and what to do with it. */
export function renderFetched({ out, sidecar, about }: FetchedEvidence): string {
  const { rateHz, from, evidence } = about;
  const { samples, kind, said, model } = evidence;
  return [
    `${out}: ${samples} samples (${(samples / rateHz).toFixed(2)} s at ${rateHz} Hz) of ${sayPoint(evidence)} from ${from}; digests are right`,
    `${sidecar}: ${kind}; ${model.name} ${model.version} said ${describeVerdict(said)}. For ${renderScoreCall(out, about)}`,
    "",
  ].join("\n");
}

function describeVerdict({ verdict, failureModes, probability }: EvidenceAbout["evidence"]["said"]): string {
  if (verdict !== "alarm") return verdict === "healthy" ? "healthy" : "no alarm";
  const sure = probability === null ? "" : ` ${(100 * probability).toFixed(0)} %`;
  return `alarm, ${failureModes.join(", ")}${sure}`;
}
