/**
 * `GET /baselines` and `POST /baselines/TURBINE/COMPONENT/renew`: how the points stand against their healthy baselines,
 * and the order to learn one anew, for this machine's operator.
 */
import {
  type BaselineList,
  baselinesPath,
  type RenewalReply,
  renewalRequestSchema,
} from "../../core/contract/baseline-report.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { SiteBaselines } from "../points/site-baselines.ts";
import {
  answerJson,
  expectOperator,
  type GatewayRequest,
  type GatewayRoute,
  matchPlace,
  readOrder,
  refuseRequest,
} from "./gateway-http.ts";

/** Whom the routes ask. */
interface BaselineSources {
  readonly baselines: Pick<SiteBaselines, "reports" | "renew">;
  readonly clock: Pick<Clock, "nowMs">;
}

/** Creates both routes. */
export function createBaselineRoutes(sources: BaselineSources): readonly GatewayRoute[] {
  return [
    {
      method: "GET",
      path: baselinesPath,
      answer: ({ actor }) => {
        expectOperator(actor);
        return answerJson({ points: sources.baselines.reports } satisfies BaselineList);
      },
    },
    {
      method: "POST",
      path: `${baselinesPath}/`,
      answer: (request) => answerJson(renew(request, sources)),
    },
  ];
}

function renew({ path, body, actor }: GatewayRequest, { baselines, clock }: BaselineSources): RenewalReply {
  expectOperator(actor);
  const place = matchPlace(path, `${baselinesPath}/:/:/renew`);
  if (place === null)
    throw refuseRequest("USAGE", `there is only POST ${baselinesPath}/TURBINE/COMPONENT/renew`);
  const [turbine = "", component = ""] = place;
  const wish = readOrder(body, renewalRequestSchema(), "not a request for a renewal");
  return baselines.renew({ turbine, component }, { ...wish, atMs: clock.nowMs() });
}
