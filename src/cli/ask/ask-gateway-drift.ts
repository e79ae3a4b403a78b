/** Asks a running gateway of this machine what it says itself of its points' drift: for a site without a collector. */
import { z } from "zod";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { driftLevels } from "../../core/contract/drift-verdict.ts";
import type { GatewayPage } from "../../core/contract/gateway-page.ts";
import type { ShapeOf } from "../../core/contract/shape-of.ts";
import type { GatewayDrift } from "../terminal/render-drift.ts";
import { askOperator, maxStatusBytes } from "./ask-gateway.ts";

const op = "show drift";

const shape: ShapeOf<Pick<GatewayPage, "gateway" | "drift">> = {
  gateway: z.string(),
  drift: z
    .object({
      points: z.array(
        z.object({
          turbine: z.string(),
          component: z.string(),
          level: z.enum(driftLevels),
          sinceMs: z.number().nullable(),
          title: z.string().nullable(),
          referenceDays: z.number(),
        }),
      ),
    })
    .optional(),
};
const statusSchema = z.object(shape);

/**
 * What the gateway of a configuration says; of one turbine, or of all.
 * @throws AuroraError USAGE when nothing is said of the turbine; GATEWAY when there is no gateway, or one that knows no drift
 */
export async function askGatewayDrift(
  config: GatewayConfig,
  turbine: string | undefined,
): Promise<GatewayDrift> {
  const subject = turbine ?? config.gateway.id;
  const around = { path: "/status", schema: statusSchema, maxBytes: maxStatusBytes, op, subject };
  const { gateway, drift } = await askOperator({ config, ...around });
  if (drift === undefined) {
    throw new AuroraError("GATEWAY", `the gateway ${gateway} does not say anything of drift`, {
      op,
      hint: "It is of an older version than this command: restart it.",
    });
  }
  const points = drift.points.filter((point) => turbine === undefined || point.turbine === turbine);
  if (points.length > 0 || turbine === undefined) return { gateway, points };
  throw new AuroraError("USAGE", `the gateway ${gateway} says nothing of the drift of ${turbine}`, {
    op,
    hint: "Leave --turbine out to see of which turbines it does.",
  });
}
