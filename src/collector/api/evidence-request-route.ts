/**
 * `POST /api/v1/evidence/requests`: a person asks a gateway for raw samples of a point from now on. Taken only where the
 * collector's configuration lets people ask; whether the samples leave their site, the gateway's own configuration decides.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { sayIssue } from "../../core/contract/config/describe-issue.ts";
import { maxCaptureSeconds } from "../../core/contract/device/device-capture.ts";
import type { EvidenceRequest } from "../../core/contract/evidence.ts";
import { idPattern } from "../../core/contract/topics.ts";
import { hourMs } from "../../core/maths/durations.ts";
import type { FleetSource } from "../fleet/fleet-source.ts";
import { loadGateways, loadTurbine } from "../fleet/load-turbines.ts";
import { errorResponse, type HttpResponse, type HttpRoute, jsonResponse } from "./http-route.ts";

interface EvidenceRequestOptions {
  /** May people ask? */
  readonly isAllowed: boolean;
  readonly fleet: FleetSource;
  /** Tells the gateway; rejects when the broker does not take it. */
  readonly send: (request: EvidenceRequest) => Promise<void>;
}

interface AskedEvidence {
  readonly site: string;
  readonly turbine: string;
  readonly component: string;
  readonly seconds: number;
}

const id = z.string().regex(idPattern);
/** What is asked for. */
export const evidenceRequestSchema: z.ZodType<AskedEvidence> = z.strictObject({
  site: id,
  turbine: id,
  component: id,
  seconds: z.number().min(0.1).max(maxCaptureSeconds).default(10),
});

/** Of one gateway in an hour: each makes a device send for seconds, unless the gateway refuses it at once. */
const maxPerHour = 12;
/** Of one gateway in an hour, with those that it refused. */
const maxAskedPerHour = 60;
/** Answers of a gateway that are looked through: more than those of an hour. */
const readAnswers = 200;

interface AskedRequest {
  readonly id: string;
  readonly askedMs: number;
}

/** Creates the route. It waits for no samples: these take minutes, and come with the request's id. */
export function evidenceRequestRoute({ isAllowed, fleet, send }: EvidenceRequestOptions): HttpRoute {
  const asked = new Map<string, readonly AskedRequest[]>();

  /** Counts it in; or says what there was too much of lately. Rejects, and counts nothing in, where the answers cannot be read. */
  const takePlace = async (gateway: string, { id, askedMs }: AskedRequest): Promise<string | null> => {
    const lately = (asked.get(gateway) ?? []).filter((one) => Math.abs(askedMs - one.askedMs) < hourMs);
    if (lately.length >= maxAskedPerHour)
      return `was asked ${maxAskedPerHour} times within an hour, with what it refused`;
    // Before the answers are looked through: others may ask meanwhile.
    asked.set(gateway, [...lately, { id, askedMs }]);
    if (lately.length < maxPerHour) return null;
    let hasRoom = false;
    try {
      const refused = await readRefused(fleet, gateway);
      hasRoom = lately.filter((one) => !refused.has(one.id)).length < maxPerHour;
    } finally {
      if (!hasRoom) giveBack(gateway, id);
    }
    return hasRoom ? null : `was asked ${maxPerHour} times within an hour`;
  };
  /** It was never told. */
  const giveBack = (gateway: string, id: string): void => {
    const others = (asked.get(gateway) ?? []).filter((one) => one.id !== id);
    asked.set(gateway, others);
  };

  return {
    method: "POST",
    path: "/api/v1/evidence/requests",
    handle: async ({ body }) => {
      if (!isAllowed) {
        return refuse(
          403,
          "NOT_PERMITTED",
          "this collector's configuration lets nobody ask (evidence.requests)",
        );
      }
      const parsed = evidenceRequestSchema.safeParse(body);
      if (!parsed.success) {
        return refuse(400, "BODY", sayIssue(parsed.error.issues[0], body));
      }
      const { site, turbine, component, seconds } = parsed.data;
      const view = await loadTurbine(fleet, { site, turbine });
      const gateway = view?.gateway ?? null;
      if (view === null || gateway === null || view.unwatchedMs !== null)
        return refuse(404, "NOT_FOUND", `no gateway watches ${site}/${turbine}`);
      const [known] = await loadGateways(fleet, [gateway]);
      if (known?.reachable !== true) return refuse(409, "SILENT", `gateway ${gateway} does not answer now`);
      const watched = view.state?.components?.map((each) => each.component);
      if (watched?.includes(component) === false) {
        const others = watched.length === 0 ? "none" : watched.join(", ");
        const what = `gateway ${gateway} watches no ${component} of ${site}/${turbine}; it watches ${others}`;
        return refuse(404, "NOT_FOUND", what);
      }
      const nowMs = fleet.clock.nowMs();
      const request = { id: randomUUID(), gateway, turbine, component, seconds, askedMs: nowMs };
      const tooMuch = await takePlace(gateway, request);
      if (tooMuch !== null) return refuse(429, "TOO_MANY", `gateway ${gateway} ${tooMuch}`);
      try {
        await send({ type: "request", ...request });
      } catch (error) {
        giveBack(gateway, request.id);
        return refuse(503, "BROKER", `the gateway cannot be told: ${(error as Error).message}`);
      }
      return jsonResponse(
        {
          request: request.id,
          gateway,
          ...(watched === undefined ? {} : { isWatched: true }),
          samples: `/api/v1/evidence?kind=request&site=${site}&turbine=${turbine}`,
          refusal: `/api/v1/events?gateway=${gateway}&q=${request.id}`,
        },
        202,
      );
    },
  };
}

/** Ids of the requests that a gateway refused without beginning to record. */
async function readRefused({ record }: FleetSource, gateway: string): Promise<ReadonlySet<string>> {
  const read = async (name: string): Promise<ReadonlySet<string>> => {
    const { items } = await record.events({ gateway, name, limit: readAnswers, offset: 0 });
    return new Set(items.flatMap(({ detail }) => /^request ([^:]+): /.exec(detail)?.[1] ?? []));
  };
  const [refused, accepted] = await Promise.all([
    read("evidence-request-refused"),
    read("evidence-request-accepted"),
  ]);
  return new Set([...refused].filter((id) => !accepted.has(id)));
}

function refuse(status: number, code: string, message: string): HttpResponse {
  return errorResponse(status, code, message.slice(0, 500));
}
