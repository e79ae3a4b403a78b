/** Asks a collector for raw evidence: what there is, and, of a gateway that permits it, for more. */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import { sha256Pattern } from "../../core/contract/bundle/plain-name.ts";
import { parseEvidenceDelay } from "../../core/contract/evidence-delay.ts";
import {
  type EvidenceFilter,
  type EvidenceListReply,
  type EvidenceRequestReply,
  evidenceListSchema,
  evidenceRequestReplySchema,
  type RecordedEvidence,
} from "../../core/contract/evidence-list.ts";
import { askCollector, mayPass, sayCollector } from "../ask/ask-collector.ts";

/** Which evidence. */
interface EvidenceQuestion extends EvidenceFilter {
  readonly collector: string;
}

/** A point that raw samples are asked of. */
interface RequestedPoint {
  readonly collector: string;
  /** Left out: that of the one turbine of this name. */
  readonly site?: string | undefined;
  readonly turbine: string;
  readonly component: string;
  readonly seconds: number;
}

/** Most that a collector tells at once. */
export const maxListed = 500;
const pollMs = 2_000;

/** The newest first, at most `limit` of them. @throws AuroraError USAGE or COLLECTOR */
export function askEvidence(
  { collector, ...query }: EvidenceQuestion,
  limit: number,
): Promise<EvidenceListReply> {
  return askCollector({
    collector,
    path: "api/v1/evidence",
    query: { ...query, limit: String(limit) },
    schema: evidenceListSchema(),
    op: "list raw evidence",
  });
}

/**
 * The whole id of evidence of which a beginning is given.
 * @throws AuroraError USAGE where there is none or more than one; COLLECTOR
 */
export async function findEvidenceId(collector: string, text: string): Promise<string> {
  if (sha256Pattern.test(text)) return text;
  const op = "find raw evidence";
  const hint = `\`${sayList(collector)}\` shows the ids; the first eight digits are enough.`;
  if (!/^[0-9a-f]{8,64}$/.test(text))
    throw new AuroraError("USAGE", `${text} is not the id of evidence`, { op, hint });
  const { items, total } = await askEvidence({ collector }, maxListed);
  const [found, more] = items.filter(({ id }) => id.startsWith(text));
  if (found === undefined) {
    const among = total > items.length ? ` among the newest ${items.length}` : "";
    throw new AuroraError("USAGE", `there is no evidence ${text}${among}`, { op, hint });
  }
  if (more !== undefined)
    throw new AuroraError("USAGE", `more than one id begins with ${text}`, { op, hint: "Give more digits." });
  return found.id;
}

/**
 * Has the collector ask a gateway; what comes bears the id of the request.
 * @throws AuroraError USAGE for a turbine that is at several sites; COLLECTOR where it refuses, with why
 */
export async function requestEvidence(point: RequestedPoint): Promise<EvidenceRequestReply> {
  const { collector, turbine, component, seconds } = point;
  const site = point.site ?? (await findSite(collector, turbine));
  return askCollector({
    collector,
    path: "api/v1/evidence/requests",
    query: {},
    post: { site, turbine, component, seconds },
    schema: evidenceRequestReplySchema(),
    op: "ask for raw samples",
    hints: {
      403: "Whoever runs the collector has to set evidence.requests: true; whether samples leave, the gateway decides.",
      404: `\`${sayList(collector)}\` and the collector's page show the turbines that there are, and their components.`,
      409: "Ask again when the gateway is back; the collector's page says since when it is silent.",
      429: `Each request makes a device send for seconds. Wait, or take what there is: \`${sayList(collector)}\`.`,
      503: "The collector has lost its broker; see its log and /-/ready.",
    },
  });
}

/** A wait for what a gateway was asked for. */
interface EvidenceWait {
  readonly collector: string;
  readonly request: string;
  readonly gateway: string;
  /** By `performance.now()`. */
  readonly endMs: number;
  /** What who waits should know, each word once: the collector does not answer for now, or the gateway sends later. */
  onDelay(reason: string): void;
}

/** The command that tells what became of a request. */
export function sayHowToLook({ collector, request }: Pick<EvidenceWait, "collector" | "request">): string {
  return `aurora evidence list --request ${request}${sayCollector(collector)}`;
}

/** The command that lists what there is. */
export function sayList(collector: string): string {
  return `aurora evidence list${sayCollector(collector)}`;
}

/**
 * Waits until what was asked for has come, and gives it to `take`; a collector that is away for a while is asked on, `take` as well.
 * @throws AuroraError GATEWAY where the gateway refuses, or nothing came in time; COLLECTOR; what `take` throws
 */
export async function waitForEvidence<T>(
  { collector, request, gateway, endMs, onDelay }: EvidenceWait,
  take: (evidence: RecordedEvidence) => Promise<T>,
): Promise<T> {
  const details = { op: "wait for raw samples", subject: gateway };
  const look = sayHowToLook({ collector, request });
  let answer: RequestAnswer | null = null;
  let isSilent = false;
  let toldDelay: string | null = null;
  for (;;) {
    try {
      const [found] = (await askEvidence({ collector, request }, 1)).items;
      if (found !== undefined) return await take(found);
      answer = await findAnswer(collector, request);
      if (answer?.kind === "refused")
        throw new AuroraError("GATEWAY", answer.text, { ...details, hint: answer.hint });
      if (answer?.kind === "delayed" && answer.text !== toldDelay) {
        toldDelay = answer.text;
        onDelay(answer.text);
      }
    } catch (error) {
      if (!hasErrorCode(error, "COLLECTOR") || !mayPass(error)) throw error;
      if (performance.now() >= endMs)
        throw new AuroraError(error.code, error.message, {
          ...details,
          hint: `It was asked for and may still come: ${look}`,
          cause: error.cause,
        });
      if (!isSilent) onDelay(`${error.message}; it is asked on`);
      isSilent = true;
    }
    if (performance.now() >= endMs) {
      const hint = `${answer === null ? "Asked, not answered yet; what comes, or why nothing does" : "It may still come"}: ${look}`;
      const why = answer?.kind === "delayed" ? `: ${answer.text}` : "";
      throw new AuroraError("GATEWAY", `nothing came of request ${request} in time${why}`, {
        ...details,
        hint,
      });
    }
    await delay(Math.min(pollMs, Math.max(0, endMs - performance.now())));
  }
}

/** What helps where a gateway refuses at once, whatever its reason is. */
const refusalHint =
  "Its configuration says which points it has and what may leave its site (evidence.allow); the collector's page shows its points, and `aurora device list` on its machine its devices.";
/** Where it had begun: it permits this, and has the point. */
const brokenOffHint = "`aurora device list` on its machine shows its devices, and its log says more.";

const turbinesSchema = z.object({
  total: z.int(),
  items: z.array(z.object({ site: z.string(), turbine: z.string() })),
});

async function findSite(collector: string, turbine: string): Promise<string> {
  const op = "find the turbine";
  const sites: string[] = [];
  // Of many sites more turbines may hold the name in theirs than are told at once.
  for (let offset = 0, total = 1; offset < total; offset += maxListed) {
    const page = await askCollector({
      collector,
      path: "api/v1/turbines",
      query: { q: turbine, limit: String(maxListed), offset: String(offset) },
      schema: turbinesSchema,
      op,
    });
    total = page.total;
    for (const other of page.items) if (other.turbine === turbine) sites.push(other.site);
  }
  const [site, more] = sites;
  if (site === undefined)
    throw new AuroraError("USAGE", `the collector knows no turbine ${turbine}`, {
      op,
      hint: "The collector's page shows the turbines that there are.",
    });
  if (more === undefined) return site;
  throw new AuroraError("USAGE", `${turbine} is at ${sites.length} sites: ${sites.join(", ")}`, {
    op,
    hint: `Name the site, too: ${site}/${turbine}/COMPONENT`,
  });
}

const eventsSchema = z.object({
  items: z.array(z.object({ gateway: z.string(), name: z.string(), detail: z.string() })),
});

/** What a gateway has said of a request. */
export interface RequestAnswer {
  readonly kind: "refused" | "delayed" | "accepted";
  /** A sentence, without its end. */
  readonly text: string;
  /** What helps: in the gateway's words where it says so. */
  readonly hint: string;
}

/** Null: no gateway has said anything yet. @throws AuroraError COLLECTOR */
export async function findAnswer(collector: string, request: string): Promise<RequestAnswer | null> {
  const { items } = await askCollector({
    collector,
    path: "api/v1/events",
    query: { q: request, limit: "10" },
    schema: eventsSchema,
    op: "look for the gateway's answer",
  });
  const find = (kind: RequestAnswer["kind"]) =>
    items.find(({ name, detail }) => name === `evidence-request-${kind}` && !isOver(detail));
  const kind = (["refused", "delayed", "accepted"] as const).find((each) => find(each) !== undefined);
  if (kind === undefined) return null;
  const { gateway, detail } = find(kind)!;
  // A gateway says in a second sentence what helps.
  const [reason = "", cure] = detail.replace(`request ${request}: `, "").split(/\. (?=[A-Z])(.*)/s);
  const text = `gateway ${gateway} ${answerVerbs[kind]}: ${reason}`;
  return { kind, text, hint: cure ?? (find("accepted") === undefined ? refusalHint : brokenOffHint) };
}

/** Does it tell of a delay up to a moment that has passed? */
function isOver(detail: string): boolean {
  const untilMs = parseEvidenceDelay(detail);
  return untilMs !== null && untilMs <= Date.now();
}

const answerVerbs: Readonly<Record<RequestAnswer["kind"], string>> = {
  refused: "refuses",
  delayed: "sends later",
  accepted: "has accepted",
};
