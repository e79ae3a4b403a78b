/** The bearing of a gateway's configuration, of what somebody answers: no orders that no bearing has. */
import {
  type BearingOrders,
  bearingOrderNames,
  writtenBearingSchema,
} from "../../core/contract/bundle/bearing.ts";
import { findNearest } from "../../core/contract/config/config-finding.ts";
import { sayIssue } from "../../core/contract/config/describe-issue.ts";
import { failed, ok, type Result } from "../../core/contract/result.ts";
import {
  bearingCatalogue,
  cataloguedDesignations,
  findBearing,
  roundOrders,
} from "../bearing/bearing-catalogue.ts";
import { parseBearing } from "../bearing/parse-bearing.ts";

export interface NamedBearing {
  readonly orders: BearingOrders;
  /** Where the orders are from, for a comment in the file. */
  readonly origin: string;
}

export const bearingForms: string = [
  `a designation (${cataloguedDesignations})`,
  "four orders from its data sheet (bpfo=3.58,bpfi=5.42,bsf=4.71,ftf=0.398)",
  "or its geometry in mm (balls=9,ball=7.94,pitch=39.04,angle=0; also ball_diameter, pitch_diameter, contact_angle)",
].join(", ");

/** The bearing, or what is wrong with the text. Orders of a geometry have four decimals. */
export function resolveBearing(text: string): Result<NamedBearing, string> {
  if (!/[=:]/.test(text) && findBearing(text) === undefined) {
    const meant = findNearest(
      text,
      bearingCatalogue.map(({ designation }) => designation),
    );
    const suggestion = meant === undefined ? "" : `; did you mean ${meant}?`;
    return failed(`no bearing "${text}" in the catalogue${suggestion}. Give ${bearingForms}.`);
  }
  const parsed = parseBearing(text, bearingOrderNames);
  if (!parsed.ok) return failed(`${parsed.error}. Give ${bearingForms}.`);
  const { form, origin } = parsed.value;
  const orders = form === "orders" ? parsed.value.orders : roundOrders(parsed.value.orders);
  const read = writtenBearingSchema().safeParse(orders);
  if (read.success) return ok({ orders: read.data, origin });
  return failed(sayIssue(read.error.issues[0], orders));
}
