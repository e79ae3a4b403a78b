/**
 * A bearing as people write it down: fault orders, or the geometry that they follow from. Names
 * may be written in any of the usual ways (`ballDiameter`, `ball_diameter_mm`).
 */
import {
  type BearingOrders,
  bearingOrderNames,
  bearingOrdersSchema,
} from "../../../core/contract/bundle/bearing.ts";
import { computeBearingOrders } from "../../../core/contract/bundle/bearing-geometry.ts";
import { sayIssue } from "../../../core/contract/config/describe-issue.ts";
import type { Fields } from "../../../core/contract/fields.ts";
import { failed, ok, type Result } from "../../../core/contract/result.ts";
import { plainKey } from "../plain-key.ts";

const geometryNames = {
  rollingElements: ["rollingelements", "elements", "balls", "rollers", "nballs", "numberofballs"],
  elementDiameterMm: ["elementdiameter", "balldiameter", "rollerdiameter"],
  pitchDiameterMm: ["pitchdiameter"],
  contactAngleDeg: ["contactangle"],
} as const;
/** The keys that {@link parseBearingWords} looks at, in its own spelling. */
const known: ReadonlySet<string> = new Set([...bearingOrderNames, ...Object.values(geometryNames).flat()]);

/** How a key speaks of a bearing: by its `name` (or as a whole), by its `orders`, by its `geometry`; null: it speaks of something else. */
export function bearingWordKind(key: string): "name" | "orders" | "geometry" | null {
  const plain = plainKey(key);
  if (plain === "bearing") return "name";
  if ((bearingOrderNames as readonly string[]).includes(plain)) return "orders";
  return known.has(plain) ? "geometry" : null;
}

/** Does any key speak of a bearing? */
export function speaksOfBearing(fields: Fields): boolean {
  return Object.keys(fields).some((key) => known.has(plainKey(key)));
}

/**
 * Fault orders of `fields`: the orders themselves (`ftf` follows from the races' where it is not there), or a geometry.
 * `bsf` is twice the spin of a rolling element: the rate at which its defect meets a race. The error is a sentence.
 */
export function parseBearingWords(fields: Fields): Result<BearingOrders, string> {
  const values = new Map(Object.entries(fields).map(([key, value]) => [plainKey(key), toNumber(value)]));
  const [bpfo, bpfi, bsf, given] = bearingOrderNames.map((name) => values.get(name));
  if (bpfo !== undefined || bpfi !== undefined || bsf !== undefined || given !== undefined) {
    // n · FTF and n · (1 − FTF): both orders of the races say it.
    const ftf = given ?? (bpfo ?? Number.NaN) / ((bpfo ?? Number.NaN) + (bpfi ?? Number.NaN));
    const silent = bearingOrderNames.filter((name) => name !== "ftf" && values.get(name) === undefined);
    if (silent.length > 0)
      return failed(`${silent.join(" and ")} ${silent.length > 1 ? "are" : "is"} missing`);
    const parsed = bearingOrdersSchema().safeParse({ bpfo, bpfi, bsf, ftf });
    if (parsed.success) return agree(parsed.data, values);
    const hertz = Math.max(bpfo!, bpfi!, bsf!);
    return failed(
      `${sayIssue(parsed.error.issues[0], { bpfo, bpfi, bsf, ftf })}${hintOfHertz(hertz, values)}`,
    );
  }
  return parseGeometry(values);
}

const highestOrder = 60;

/** Data sheets state frequencies at a speed: what no order can be is one of them. */
function hintOfHertz(highest: number, values: ReadonlyMap<string, number | undefined>): string {
  if (!(highest > highestOrder)) return "";
  const rpm = values.get("shaftrpm");
  const example =
    rpm === undefined || !(rpm > 0)
      ? "divide each by the shaft's turns a second (rpm / 60)"
      : `${highest} Hz / ${round(rpm / 60)} Hz = ${round(highest / (rpm / 60))}`;
  return `; these look like hertz, and orders are multiples of the shaft's speed: ${example}`;
}

/** Orders that are given beside a geometry, by which they must be possible. */
function agree(
  orders: BearingOrders,
  values: ReadonlyMap<string, number | undefined>,
): Result<BearingOrders, string> {
  const geometry = parseGeometry(values);
  if (!geometry.ok || isSameBearing(orders, geometry.value)) return ok(orders);
  return failed(
    `bpfo ${orders.bpfo} and bpfi ${orders.bpfi} are given, and a geometry that comes to ${round(geometry.value.bpfo)} and ${round(geometry.value.bpfi)}`,
  );
}

/** As a share of an order: a contact angle that nobody gave, rounding, slip. */
const sameBearing = 0.05;

/** Are the orders of two sources those of one bearing? */
export function isSameBearing(one: BearingOrders, other: BearingOrders): boolean {
  return bearingOrderNames.every((name) => Math.abs(one[name] / other[name] - 1) <= sameBearing);
}

function parseGeometry(values: ReadonlyMap<string, number | undefined>): Result<BearingOrders, string> {
  const find = (names: readonly string[]): number | undefined =>
    names.map((name) => values.get(name)).find((value) => value !== undefined);
  const [balls, ball, pitch] = [
    find(geometryNames.rollingElements),
    find(geometryNames.elementDiameterMm),
    find(geometryNames.pitchDiameterMm),
  ];
  if (balls === undefined || ball === undefined || pitch === undefined) {
    return failed("neither bpfo, bpfi and bsf nor balls, ball_diameter and pitch_diameter are there");
  }
  try {
    const orders = computeBearingOrders({
      designation: "given",
      rollingElements: balls,
      elementDiameterMm: ball,
      pitchDiameterMm: pitch,
      contactAngleDeg: find(geometryNames.contactAngleDeg) ?? 0,
    });
    const issue = bearingOrdersSchema().safeParse(orders).error?.issues[0];
    return issue === undefined
      ? ok(orders)
      : failed(
          `${balls} elements of ${ball} on a pitch circle of ${pitch} are no bearing (${sayIssue(issue, orders)}): are both in the same unit?`,
        );
  } catch (error) {
    if (error instanceof RangeError) return failed(error.message);
    throw error;
  }
}

/** An empty field of a table says nothing. */
function toNumber(value: unknown): number | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  return typeof value === "number" ? value : typeof value === "string" ? Number(value) : Number.NaN;
}

function round(value: number): number {
  return Number(value.toFixed(4));
}
