/** What somebody says of a bearing: a designation of the catalogue, four orders, or its geometry. Guesses nothing. */
import {
  type BearingOrders,
  bearingOrderNames,
  writtenBearingSchema,
} from "../../core/contract/bundle/bearing.ts";
import { findNearest } from "../../core/contract/config/config-finding.ts";
import { sayIssue } from "../../core/contract/config/describe-issue.ts";
import { failed, ok, type Result } from "../../core/contract/result.ts";
import { bearingCatalogue, computeBearingOrders, findBearing } from "./bearing-catalogue.ts";

export interface NamedBearing {
  readonly orders: BearingOrders;
  /** Where the orders are from, for a comment in the file. */
  readonly origin: string;
}

export const bearingForms: string = [
  `a designation (${bearingCatalogue.map(({ designation }) => designation).join(", ")})`,
  "four orders from its data sheet (bpfo=3.58,bpfi=5.42,bsf=4.71,ftf=0.398)",
  "or its geometry in mm (balls=9,ball=7.94,pitch=39.04,angle=0)",
].join(", ");

/** The bearing, or what is wrong with the text. */
export function parseBearing(text: string): Result<NamedBearing, string> {
  const found = findBearing(text);
  if (found !== undefined) {
    const origin = `${found.designation}: ${found.source}`;
    return ok({ orders: computeBearingOrders(found.geometry), origin });
  }
  if (!/[=:]/.test(text)) {
    const names = bearingCatalogue.map(({ designation }) => designation);
    const meant = findNearest(text, names);
    const suggestion = meant === undefined ? "" : `; did you mean ${meant}?`;
    return failed(`no bearing "${text}" in the catalogue${suggestion}. Give ${bearingForms}.`);
  }
  const values = parsePairs(text);
  if (!values.ok) return failed(`${values.error}. Give ${bearingForms}.`);
  return values.value.has("balls") ? parseGeometry(values.value) : parseOrders(values.value);
}

const geometryNames = ["balls", "ball", "pitch", "angle"];

/** `name=number` and nothing else, each name once. */
function parsePairs(text: string): Result<ReadonlyMap<string, number>, string> {
  const known = [...bearingOrderNames, ...geometryNames];
  const values = new Map<string, number>();
  for (const part of text
    // As JSON or YAML writes a mapping.
    .replace(/[{}"']/g, " ")
    .trim()
    .replace(/\s*([=:])\s*/g, "$1")
    .split(/[,;\s]+/)) {
    if (/^\d+$/.test(part)) return failed(`",${part}" belongs to nothing: decimals have a point, 7.94`);
    const [, name = "", number = ""] = /^([a-z]+)[=:](\d+(?:\.\d+)?)$/i.exec(part) ?? [];
    const key = name.toLowerCase();
    if (key === "") return failed(`"${part}" is not of the form name=number`);
    if (!known.includes(key)) {
      const meant = findNearest(key, known);
      return failed(`there is no "${key}"${meant === undefined ? "" : `; did you mean ${meant}?`}`);
    }
    if (values.has(key)) return failed(`${key} stands twice`);
    values.set(key, Number(number));
  }
  return ok(values);
}

function parseOrders(values: ReadonlyMap<string, number>): Result<NamedBearing, string> {
  const missing = bearingOrderNames.filter((name) => !values.has(name));
  if (missing.length > 0) return failed(`${missing.join(", ")} missing. Give ${bearingForms}.`);
  const given = Object.fromEntries(bearingOrderNames.map((name) => [name, values.get(name)]));
  return checked(given, "as given");
}

function parseGeometry(values: ReadonlyMap<string, number>): Result<NamedBearing, string> {
  const [elements, elementMm, pitchMm] = ["balls", "ball", "pitch"].map((name) => values.get(name) ?? 0);
  const contactDegrees = values.get("angle") ?? 0;
  const isPossible =
    Number.isInteger(elements) &&
    elements! >= 3 &&
    elementMm! > 0 &&
    pitchMm! > elementMm! &&
    contactDegrees < 90;
  if (!isPossible) {
    return failed("a geometry is balls (3 or more), ball < pitch in mm, and angle below 90 degrees.");
  }
  const geometry = { elements: elements!, elementMm: elementMm!, pitchMm: pitchMm!, contactDegrees };
  const origin = `of ${elements} elements of ${elementMm} mm on ${pitchMm} mm, ${contactDegrees} degrees`;
  return checked(computeBearingOrders(geometry), origin);
}

function checked(orders: unknown, origin: string): Result<NamedBearing, string> {
  const read = writtenBearingSchema().safeParse(orders);
  if (read.success) return ok({ orders: read.data, origin });
  return failed(sayIssue(read.error.issues[0], orders));
}
