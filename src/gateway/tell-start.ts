/**
 * Tells at a start by what the gateway decides from then on, where that is not what it was after the start before: keys of its
 * configuration that bear on a decision, and the models that serve. Bearings are not among them: a baseline tells when it has others.
 */
import { z } from "zod";
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import { gatewayConfigSchema } from "../core/contract/config/gateway-config-schema.ts";
import { type Fields, fieldsOf, isFields } from "../core/contract/fields.ts";
import { onDemand } from "../core/contract/on-demand.ts";
import type { ModelRef } from "../core/contract/prediction.ts";
import { parseJsonText } from "../core/platform/files/parse-json.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { GatewayRecord } from "./gateway-record.ts";
import { readKept } from "./record/read-kept.ts";

/** Values by what they are of, as words. */
type Settings = Readonly<Record<string, string>>;

interface StartTellerParts {
  readonly record: Pick<GatewayRecord, "state" | "outbox" | "telemetry">;
  readonly logger: Logger;
}

/** What something was and is, as words; undefined: there was or is none. */
interface Change {
  readonly before: string | undefined;
  readonly now: string | undefined;
}

/** What is told at starts, and how. */
interface Told extends StartTellerParts {
  /** Under which the values of the last start are kept. */
  readonly key: string;
  readonly name: string;
  /** What of a change is told; nothing is where both sides are then the same. */
  narrow(subject: string, change: Change): Change;
}

/** Characters of each side of a change: an event's detail has room for both. */
const maxSide = 480;
/** Events of one start; one more names what is beyond the last of them. */
const maxEvents = 32;

const settingsSchema: () => z.ZodType<Settings> = onDemand(() => z.record(z.string(), z.string()));

/** `configuration-changed`, of each key that bears on a decision: what it was, and what it is. */
export function tellSettings(config: GatewayConfig, parts: StartTellerParts): void {
  const settings = listSettings(config);
  const told = { key: "told-settings", name: "configuration-changed", narrow: narrowSetting };
  tellChanges({ ...parts, ...told }, settings);
}

/** `model-serves`, of each model by its name: version, digest and by whose keys it is signed. */
export function tellServing(models: ReadonlyMap<ModelRef, readonly string[]>, parts: StartTellerParts): void {
  const serving = [...models].map(([{ name, version, digest }, signedBy]) => [
    name,
    `${version} (${digest}), signed by ${signedBy.join(", ")}`,
  ]);
  const told = { key: "told-serving", name: "model-serves", narrow: (_: string, change: Change) => change };
  tellChanges({ ...parts, ...told }, Object.fromEntries(serving));
}

/** What bears on a decision, and names no file, address or password. */
function listSettings({ alarms, commissioning, operation, devices, turbines }: GatewayConfig): Settings {
  const modes = new Map(devices.map(({ id, mode }) => [id, mode]));
  const settings: Record<string, string> = {};
  for (const [section, values] of Object.entries({ alarms, commissioning, operation }))
    for (const [key, value] of Object.entries(values)) settings[`${section}.${key}`] = JSON.stringify(value);
  for (const { id, points, scadaBundle, repairs } of turbines) {
    if (scadaBundle !== null) settings[`${id}.scadaBundle`] = scadaBundle;
    if (repairs.length > 0) settings[`${id}.repairs`] = JSON.stringify(repairs);
    for (const { component, bearing: _, ...point } of points)
      settings[`${id}/${component}`] = JSON.stringify({ ...point, mode: modes.get(point.device) });
  }
  return settings;
}

/** The settings of a configuration that leaves out what has a default. */
const listDefaults: () => { readonly point: Fields; readonly others: Settings } = onDemand(() => {
  const bearing = { bpfo: 3, bpfi: 5, bsf: 2, ftf: 0.4 };
  const config = gatewayConfigSchema().parse({
    gateway: { id: "x", site: "x" },
    devices: [{ id: "x", connect: "mqtt" }],
    turbines: [{ id: "x", points: [{ component: "x", device: "x", channel: "x", bearing }] }],
  });
  const { "x/x": point = "", ...others } = listSettings(config);
  return { point: fieldsOf(parseJsonText(point)), others };
});

/** Of a point the keys that differ, of a list what was added and removed. What one of two releases does not know counts as the other's default. */
function narrowSetting(subject: string, change: Change): Change {
  const defaults = listDefaults();
  const { before = defaults.others[subject], now = defaults.others[subject] } = change;
  const [from, to] = [before, now].map((text) => parseJsonText(text ?? ""));
  if (Array.isArray(from) || Array.isArray(to)) return narrowList(listOf(from), listOf(to));
  if (!isFields(from) || !isFields(to)) return { before, now };
  const was: Fields = { ...defaults.point, ...from };
  const is: Fields = { ...defaults.point, ...to };
  const keys = Object.keys({ ...was, ...is }).filter(
    (key) => JSON.stringify(was[key]) !== JSON.stringify(is[key]),
  );
  const pick = (point: Fields): string =>
    JSON.stringify(Object.fromEntries(keys.map((key) => [key, point[key]])));
  return { before: pick(was), now: pick(is) };
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map((each) => JSON.stringify(each)) : [];
}

/** Each side with what the other has not. */
function narrowList(before: readonly string[], now: readonly string[]): Change {
  const [was, is] = [new Set(before), new Set(now)];
  return {
    before: `[${before.filter((each) => !is.has(each)).join(",")}]`,
    now: `[${now.filter((each) => !was.has(each)).join(",")}]`,
  };
}

function cut(text = "nothing", length = maxSide): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** A gateway that has kept nothing yet tells nothing. An event is on the disk before what it tells of counts as told. */
function tellChanges({ record, logger, key, name, narrow }: Told, now: Settings): void {
  const { state, outbox, telemetry } = record;
  const tell = (subject: string, detail: string): void => {
    logger.info(name, { subject, detail });
    telemetry.event(name, subject, detail);
  };
  const kept = readKept(state, { key, schema: settingsSchema(), logger });
  if (kept !== undefined) {
    const differing = Object.keys({ ...kept, ...now }).filter((subject) => kept[subject] !== now[subject]);
    if (differing.length === 0) return;
    const changes = differing
      .map((subject) => ({ subject, ...narrow(subject, { before: kept[subject], now: now[subject] }) }))
      .filter((change) => change.before !== change.now);
    for (const change of changes.slice(0, maxEvents))
      tell(change.subject, `${cut(change.now)}; before: ${cut(change.before)}`);
    const others = changes.slice(maxEvents).map(({ subject }) => subject);
    if (others.length > 0)
      tell("others", `${others.length} more changed at this start: ${cut(others.join(", "), 2 * maxSide)}`);
    outbox.flush();
  }
  state.set(key, JSON.stringify(now));
}
