/** Asks a running gateway how its points stand against their healthy baselines, and to learn one anew. */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import {
  baselineListSchema,
  baselinesPath,
  type PointBaselineReport,
  type RenewalReply,
  type RenewalRequest,
  renewalReplySchema,
  renewalRequestSchema,
} from "../../core/contract/baseline-report.ts";
import { sayIssue } from "../../core/contract/config/describe-issue.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { idPattern } from "../../core/contract/topics.ts";
import { sayThereAre } from "../terminal/count-of.ts";
import { askOperator } from "./ask-gateway.ts";

/** 65,536 points have room. */
const maxListBytes = 64 * 1024 * 1024;
const maxReplyBytes = 256 * 1024;

/** Which points are meant; all where nothing is said. */
interface PointChoice {
  readonly turbine?: string | undefined;
  readonly component?: string | undefined;
}

/**
 * The chosen points, in the order of the gateway's configuration.
 * @throws AuroraError USAGE when there is no such point; GATEWAY when there is no gateway or it refuses.
 */
export async function askBaselines(
  config: GatewayConfig,
  { turbine, component }: PointChoice,
): Promise<readonly PointBaselineReport[]> {
  const subject = [turbine, component].filter((part) => part !== undefined).join(" ");
  const { points } = await askOperator({
    config,
    path: baselinesPath,
    schema: baselineListSchema(),
    maxBytes: maxListBytes,
    op: "show baselines",
    subject,
  });
  const chosen = points.filter(
    (point) =>
      (turbine === undefined || point.turbine === turbine) &&
      (component === undefined || point.component === component),
  );
  if (chosen.length > 0 || turbine === undefined) return chosen;
  const known = points.map((point) => `${point.turbine} ${point.component}`);
  const hint = points.length === 0 ? "It has no measuring points." : sayThereAre(known);
  throw refuseUnknown("show baselines", subject, hint);
}

function refuseUnknown(op: string, subject: string, hint: string): AuroraError {
  return new AuroraError("USAGE", `this gateway has no measuring point ${subject}`, {
    op,
    subject,
    hint,
  });
}

/** The point whose baseline is to be learnt anew. */
interface PointRenewal extends RenewalRequest {
  readonly turbine: string;
  readonly component: string;
}

/**
 * Lets a point learn its baseline anew.
 * @throws AuroraError USAGE for a point, a model or a reason that cannot be; GATEWAY when there is no gateway or it
 * refuses.
 */
export async function askRenewal(
  config: GatewayConfig,
  { turbine, component, ...request }: PointRenewal,
): Promise<RenewalReply> {
  const subject = `${turbine} ${component}`;
  if (!idPattern.test(turbine) || !idPattern.test(component)) {
    const hint = "`aurora baseline show --config FILE` lists those that it has.";
    throw refuseUnknown("renew baseline", subject, hint);
  }
  const wish = renewalRequestSchema().safeParse(request);
  if (!wish.success) {
    throw new AuroraError("USAGE", `not a renewal: ${sayIssue(wish.error.issues[0], request)}`, {
      op: "renew baseline",
      subject,
      hint: "Say in one line what was done, for example --reason 'bearing replaced'.",
    });
  }
  return await askOperator({
    config,
    path: `${baselinesPath}/${encodeURIComponent(turbine)}/${encodeURIComponent(component)}/renew`,
    post: wish.data,
    schema: renewalReplySchema(),
    maxBytes: maxReplyBytes,
    op: "renew baseline",
    subject,
  });
}
