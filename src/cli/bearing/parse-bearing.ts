/**
 * What somebody writes of a bearing on a command line: a designation of the catalogue, its orders, or its geometry, in the
 * spelling of any command. Guesses nothing, reads no file.
 */
import { type BearingOrders, bearingOrderNames } from "../../core/contract/bundle/bearing.ts";
import { findNearest } from "../../core/contract/config/config-finding.ts";
import { failed, ok, type Result } from "../../core/contract/result.ts";
import { plainKey } from "../../training/dataset/plain-key.ts";
import { bearingWordKind, parseBearingWords } from "../../training/dataset/sidecar/bearing-words.ts";
import { computeCataloguedOrders, findBearing } from "./bearing-catalogue.ts";

interface GivenBearing {
  /** Of a designation of four decimals, of a geometry as it comes out, else as written. */
  readonly orders: BearingOrders;
  readonly form: "designation" | "orders" | "geometry";
  /** Where the orders are from, for people. */
  readonly origin: string;
}

/** Short words for a geometry's measures, and the long ones that descriptions of recordings have, too. */
const shortWords: Readonly<Record<string, string>> = {
  ball: "ball_diameter",
  pitch: "pitch_diameter",
  angle: "contact_angle",
};
const knownWords = [...bearingOrderNames, "balls", ...Object.keys(shortWords), ...Object.values(shortWords)];

/** The bearing, or what is wrong with the text. `needed`: the orders that must stand there where any does; `ftf` can be computed. */
export function parseBearing(
  text: string,
  needed: readonly (keyof BearingOrders)[],
): Result<GivenBearing, string> {
  const found = findBearing(text);
  if (found !== undefined) {
    const origin = `${found.designation}: ${found.source}`;
    return ok({ orders: computeCataloguedOrders(found), form: "designation", origin });
  }
  const words = parsePairs(text);
  if (!words.ok) return words;
  const values = words.value;
  const isGeometry = !bearingOrderNames.some((name) => values.has(name));
  const missing = isGeometry ? [] : needed.filter((name) => !values.has(name));
  if (missing.length > 0) return failed(`${missing.join(", ")} missing`);
  const parsed = parseBearingWords(Object.fromEntries(values));
  if (!isGeometry)
    return parsed.ok ? ok({ orders: parsed.value, form: "orders", origin: "as given" }) : parsed;
  if (parsed.ok) return ok({ orders: parsed.value, form: "geometry", origin: describeGeometry(values) });
  const rule = "a geometry is balls (3 or more), ball < pitch in mm, and angle below 90 degrees";
  return failed(`${parsed.error}; ${rule}`);
}

/** What a word of a geometry says: elements and their diameter go by several names. */
function roleOf(key: string): string {
  if (bearingWordKind(key) !== "geometry" || key === "pitchdiameter" || key === "contactangle") return key;
  return key.endsWith("diameter") ? "diameter" : "elements";
}

/** `name=number` and nothing else, each name once, under whatever name; by plain keys. */
function parsePairs(text: string): Result<ReadonlyMap<string, number>, string> {
  const values = new Map<string, number>();
  const roles = new Set<string>();
  for (const part of text
    // As JSON or YAML writes a mapping.
    .replace(/[{}"']/g, " ")
    .split(/[,;]|(?<=\d)\s+(?=[a-z])/i)
    .map((each) => each.trim().replace(/\s*([=:])\s*/g, "$1"))) {
    if (/^\d+$/.test(part)) return failed(`",${part}" belongs to nothing: decimals have a point, 7.94`);
    const [, name, number] = /^([a-z][^=:]*)[=:](\+?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i.exec(part) ?? [];
    if (name === undefined) return failed(`"${part}" is not of the form name=number`);
    const key = plainKey(shortWords[name.toLowerCase()] ?? name);
    const kind = bearingWordKind(key);
    if (kind !== "orders" && kind !== "geometry") {
      const meant = findNearest(name.toLowerCase(), knownWords);
      return failed(`there is no "${name}"${meant === undefined ? "" : `; did you mean ${meant}?`}`);
    }
    if (values.has(key)) return failed(`${name} stands twice`);
    if (roles.has(roleOf(key))) return failed(`${name} says what another word has said already`);
    roles.add(roleOf(key));
    values.set(key, Number(number));
  }
  return ok(values);
}

/** Of a geometry that {@link parseBearingWords} takes: rolling elements go by several names. */
function describeGeometry(values: ReadonlyMap<string, number>): string {
  const {
    elements,
    diameter,
    pitchdiameter,
    contactangle = 0,
  } = Object.fromEntries([...values].map(([key, value]) => [roleOf(key), value]));
  return `of ${elements} elements of ${diameter} mm on ${pitchdiameter} mm, ${contactangle} degrees`;
}
