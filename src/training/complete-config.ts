/**
 * From a newcomer's `train.yaml`, a name and a data set, to one that says everything: what it leaves out is that of the shipped
 * configuration of the same kind of data. What decides a bundle's bytes is the whole one, which travels in the bundle.
 */
import { join } from "node:path";
import { parse } from "yaml";
import { type Fields, isFields } from "../core/contract/fields.ts";
import { maxConfigBytes } from "../core/platform/daemon/yaml-config.ts";
import { readFileBounded } from "../core/platform/files/bounded-read.ts";
import { packageRoot } from "../core/platform/files/package-root.ts";

/** What a file of one kind of data may leave out. */
export interface UsualConfig {
  /** `dataset.kind`. */
  readonly kind: string;
  /** Path of the shipped configuration from the root of the installation. */
  readonly file: string;
  readonly fields: Fields;
}

/** Shipped configurations, from the root of the installation. */
const shippedFiles = ["models/bearing-vibration/train.yaml", "models/turbine-scada/train.yaml"] as const;

/** What belongs to one model and its data, and is handed on to no other. */
const ownKeys = new Set(
  "name version title changelog parent dataset columns protocols published limitations notes testLooks required tuning".split(
    " ",
  ),
);

/** For what every model has of its own: as a first one has it. */
const firstOnes: Fields = {
  version: "1.0.0",
  changelog: "First version.",
  parent: null,
  limitations: [],
  notes: [],
  testLooks: [],
};

let usual: Promise<readonly UsualConfig[]> | null = null;

/** Of every kind of data that a bundle is shipped for. @throws AuroraError DATA_MISSING where the installation is not whole */
export function loadUsualConfigs(): Promise<readonly UsualConfig[]> {
  usual ??= Promise.all(shippedFiles.map(readUsual));
  return usual;
}

async function readUsual(file: string): Promise<UsualConfig> {
  const bytes = await readFileBounded(join(packageRoot(), file), maxConfigBytes, {
    op: "read the usual training configuration",
    hint: "It came with the installation: restore it.",
  });
  const shipped = parse(new TextDecoder().decode(bytes)) as Fields;
  const handedOn = Object.entries(shipped).filter(([key]) => !ownKeys.has(key));
  const first = Object.entries(firstOnes).filter(([key]) => key in shipped);
  return {
    kind: String((shipped.dataset as Fields).kind),
    file,
    fields: Object.fromEntries([...first, ...handedOn]),
  };
}

/**
 * The whole configuration; `own` itself where it leaves nothing out, is of no kind that is shipped, or goes on from a bundle. A mapping
 * is completed key by key, a list is taken as it is, and `null` for a key means that it is not there.
 */
export function completeConfig(own: unknown, configs: readonly UsualConfig[]): unknown {
  if (!isFields(own) || own.from !== undefined || !isFields(own.dataset)) return own;
  const { kind } = own.dataset;
  const usualFields = configs.find((one) => one.kind === kind)?.fields;
  if (usualFields === undefined) return own;
  const fields = fitStops(usualFields, own);
  const title = typeof own.name === "string" ? { title: own.name } : {};
  const whole = Object.entries({ ...title, ...fields, ...own }).map(
    ([key, value]) => [key, mergeValue(fields[key], value)] as const,
  );
  return Object.fromEntries(whole.filter(([key, value]) => value !== null || key === "parent"));
}

/** Invented stops say by channel how a turbine stands: tables that lack one of these channels, or want none, have none handed on. */
function fitStops(fields: Fields, { channels = fields.channels, recipe: own }: Fields): Fields {
  const { inventedStops, ...recipe } = fields.recipe as Fields;
  if (isFields(own) && own.inventedStops === null) return { ...fields, recipe };
  if (!isFields(inventedStops) || !isFields(inventedStops.standing) || !Array.isArray(channels))
    return fields;
  const names = new Set(channels.filter(isFields).map(({ name }) => name));
  const isWhole = Object.keys(inventedStops.standing).every((name) => names.has(name));
  return isWhole ? fields : { ...fields, recipe };
}

function mergeValue(usualValue: unknown, own: unknown): unknown {
  if (!isFields(usualValue) || !isFields(own)) return own;
  return Object.fromEntries(
    Object.entries({ ...usualValue, ...own })
      .filter(([key, value]) => value !== null || key in usualValue)
      .map(([key, value]) => [key, mergeValue(usualValue[key], value)]),
  );
}
