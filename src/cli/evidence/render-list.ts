/** Raw evidence as text for a terminal. */
import type { EvidenceAbout } from "../../core/contract/evidence.ts";
import type { EvidenceListReply, RecordedEvidence } from "../../core/contract/evidence-list.ts";
import { sayPoint } from "../terminal/render-drift.ts";
import { renderScoreCall } from "../terminal/render-score-call.ts";
import type { RequestAnswer } from "./ask-evidence.ts";
import type { FetchedEvidence } from "./fetch-evidence.ts";

/** A line each, and how many more there are. @param none said where there is none */
export function renderEvidenceList(
  { items, total }: EvidenceListReply,
  none = "A gateway sends raw samples only where its own configuration permits it (evidence.allow).",
): string {
  if (total === 0) return `There is no such evidence.\n${none}\n`;
  const lines = items.map(renderLine);
  const more = total > items.length ? [`${items.length} of ${total}; --limit shows more`] : [];
  return `${[...lines, ...more].join("\n")}\n`;
}

/** Why there is nothing of a request. */
export function renderAnswer(request: string, answer: RequestAnswer | null): string {
  if (answer === null)
    return `Request ${request} is not answered yet: neither samples nor a reason have come. A gateway that ended before it heard of it never answers: ask again then.`;
  if (answer.kind !== "accepted") return `${answer.text}\n${answer.hint}`;
  return `${answer.text}. Its samples come in the last lane, within the gateway's bytes of a day.`;
}

function renderLine(item: RecordedEvidence): string {
  const { id, kind, fromMs, toMs, samples, said } = item;
  const seconds = ((toMs - fromMs) / 1_000).toFixed(1);
  const when = new Date(fromMs).toISOString().replace(/\.\d+Z$/, "Z");
  return `${id.slice(0, 12)}  ${kind.padEnd(9)}  ${when}  ${seconds} s, ${samples} samples  ${sayPoint(item)}: ${describeVerdict(said)}`;
}

/** Of the mean: a speed that changes by more is not one number. */
const mostChange = 0.02;

/** What was written, and what to do with it. */
export function renderFetched({ out, sidecar, speed, about, listedOtherwise }: FetchedEvidence): string {
  const { rateHz, from, evidence, shaftRpm, shaftRpmRange } = about;
  const rpm = evidence.speed?.rpm ?? shaftRpmRange ?? [];
  const [slowest, fastest] = [Math.min(...rpm), Math.max(...rpm)];
  const range = `${slowest.toFixed(1)} to ${fastest.toFixed(1)} rpm`;
  const isSmeared = speed === null && fastest - slowest > mostChange * (shaftRpm ?? Number.POSITIVE_INFINITY);
  const { samples, kind, said, model } = evidence;
  return [
    `${out}: ${samples} samples (${(samples / rateHz).toFixed(2)} s at ${rateHz} Hz) of ${sayPoint(evidence)} from ${from}; digests are right`,
    `${sidecar}: ${kind}; ${model.name} ${model.version} said ${describeVerdict(said)}. For ${renderScoreCall(out, about)}`,
    ...(speed === null ? [] : [`${speed}: its speed, ${range}, which score reads by the .json`]),
    ...(listedOtherwise === null
      ? ["the collector's list could not be asked: nothing was compared with it"]
      : []),
    ...(listedOtherwise === null || listedOtherwise.length === 0
      ? []
      : [
          `the collector's list says otherwise of it (${listedOtherwise.join(", ")}): its record was changed; what is here is as its id says`,
        ]),
    ...(isSmeared
      ? [
          `its speed goes from ${range} and only the mean was told: lines are smeared, and a score may not be the gateway's`,
        ]
      : []),
    "",
  ].join("\n");
}

function describeVerdict({ verdict, failureModes, probability }: EvidenceAbout["evidence"]["said"]): string {
  if (verdict !== "alarm") return verdict === "healthy" ? "healthy" : "no alarm";
  const sure = probability === null ? "" : ` ${(100 * probability).toFixed(0)} %`;
  return `alarm, ${failureModes.join(", ")}${sure}`;
}
