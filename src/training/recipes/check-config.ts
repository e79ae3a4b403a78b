/**
 * Finds in a training configuration what a bundle's manifest, its features or a gateway would refuse once everything is learnt, or
 * what no reading could ever keep to. Looks at no data.
 */
import type { z } from "zod";
import { satisfiesRange } from "../../core/bundle/version.ts";
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import { type FeatureSpec, featuresCatalogueVersion } from "../../core/contract/bundle/feature-spec.ts";
import type { ChannelContract, Threshold } from "../../core/contract/bundle/manifest.ts";
import type { CommonConfig } from "./common-config.ts";

type Path = readonly (string | number)[];

/** Takes what is wrong at a place, and what to write instead. */
type Complain = (path: Path, message: string, write?: string) => void;

/** {@link Complain} to the validator that asks. */
export function complainTo(context: z.RefinementCtx): Complain {
  return (path, message, write) => {
    const params = write === undefined ? {} : { params: { write } };
    context.addIssue({ code: "custom", path: [...path], message, ...params });
  };
}

/** Most groups that a bundle's explanations have. */
const maxGroups = 12;

/** The part that every recipe has. @param bind what the recipe executes its features with; throws where it cannot. */
export function checkCommonConfig(
  config: CommonConfig,
  bind: (spec: FeatureSpec) => unknown,
  complain: Complain,
): void {
  const { channels, window, runtime, features } = config;
  for (const [index, channel] of channels.entries())
    checkChannel(channel, (key, message, write) => complain(["channels", index, key], message, write));
  const names = channels.map(({ name }) => name);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) !== index) complain(["channels", index, "name"], `"${name}" stands twice`);
  }
  if (window.hop > window.length) {
    const message = `is longer than a window, of ${window.length} ${window.unit}: what lies between would never be looked at`;
    complain(["window", "hop"], message, `write ${window.length} or less`);
  }
  const range = describeRange(runtime);
  if (range !== null) complain(["runtime"], range, 'write for example ">=0.1.0 <1.0.0"');
  checkFeatures(features, bind, (path, message, write) => complain(["features", ...path], message, write));
  const groups = new Set(features.list.map(({ group }) => group));
  if (groups.size > maxGroups)
    complain(["features", "list"], `has ${groups.size} groups, and explanations have at most ${maxGroups}`);
}

function checkChannel(
  { min, max, minRateHz, maxRateHz }: ChannelContract,
  complain: (key: string, message: string, write: string) => void,
): void {
  if (min >= max) complain("max", `is not above min, ${min}: no value lies between`, "exchange min and max");
  if (minRateHz > maxRateHz) {
    const message = `is below minRateHz, ${minRateHz}: no rate lies between`;
    complain("maxRateHz", message, "exchange minRateHz and maxRateHz");
  }
}

/** What is wrong with a range of versions; null: nothing. */
function describeRange(range: string): string | null {
  try {
    satisfiesRange("0.0.0", range);
    return null;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    return "is not a range of semantic versions, each of three numbers";
  }
}

/** Chains, operators and parameters that the catalogue does not know, as `bind` finds them: the first. */
export function checkFeatures(
  spec: FeatureSpec,
  bind: (spec: FeatureSpec) => unknown,
  complain: Complain,
): void {
  if (spec.catalogueVersion !== featuresCatalogueVersion) {
    const write = `write ${featuresCatalogueVersion}`;
    complain(["catalogueVersion"], "there is no such version of the features' catalogue", write);
    return;
  }
  try {
    bind(spec);
  } catch (cause) {
    if (!hasErrorCode(cause, "BUNDLE_INCOMPATIBLE")) throw cause;
    const { subject, message } = cause;
    const chain = spec.chains.findIndex(({ name }) => subject === `chain ${name}`);
    const feature = spec.list.findIndex(({ name }) => subject === `feature ${name}`);
    const place = feature !== -1 ? ["list", feature] : chain !== -1 ? ["chains", chain] : [];
    const owner = spec.list[feature] ?? spec.chains[chain];
    // A chain may be named as one of its parameters is.
    const said = message.replace(subject ?? "", "");
    complain([...place, ...namedIn(said, Object.keys(owner?.params ?? {}))], message);
  }
}

/** The key of a chain or a feature that the catalogue's message is about, where it names one. */
function namedIn(message: string, parameters: readonly string[]): Path {
  if (/ no operator "/.test(message)) return ["operator"];
  if (/ no chain kind "/.test(message)) return ["kind"];
  const words = message.split(/\W+/);
  const parameter =
    /parameter "([^"]+)"/.exec(message)?.[1] ?? parameters.find((each) => words.includes(each));
  return parameter === undefined ? [] : ["params", parameter];
}

/** A rule that no window could ever fulfil. */
export function checkThresholds(
  { onCount, onWindows }: Pick<Threshold, "onCount" | "onWindows">,
  complain: Complain,
): void {
  if (onCount <= onWindows) return;
  const message = `is above onWindows: of ${onWindows} windows there are never ${onCount}`;
  complain(["thresholds", "onCount"], message, `write ${onWindows} or less`);
}
