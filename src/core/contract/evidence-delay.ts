/** That raw samples which were asked for are sent later: a gateway's words for people, and what a command reads in them. */
import { renderIsoTime } from "./iso-time.ts";

const begin = "samples are sent on by themselves after ";

/** Part of a sentence, without its end. @param untilMs epoch */
export function renderEvidenceDelay(untilMs: number): string {
  return `${begin}${renderIsoTime(untilMs)}`;
}

/** Until when `detail` says that they wait, epoch ms; null: it says nothing of that. */
export function parseEvidenceDelay(detail: string): number | null {
  const [, after] = detail.split(begin);
  const untilMs = Date.parse(/^\S+Z/.exec(after ?? "")?.[0] ?? "");
  return Number.isNaN(untilMs) ? null : untilMs;
}
