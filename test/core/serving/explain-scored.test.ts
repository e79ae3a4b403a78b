import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { joinLogits } from "../../../src/core/decision/join-logits.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { explainScored, otherBandGroup } from "../../../src/core/serving/explain-scored.ts";
import { explainWindow, type LoadedBundle, serveBundle } from "../../../src/core/serving/loaded-bundle.ts";
import { shippedBundle } from "../../cli/score/recordings.ts";
import { windowAt } from "../../gateway/fakes.ts";

let bundle: LoadedBundle;
beforeAll(async () => {
  const contents = await readBundle(shippedBundle);
  bundle = await serveBundle(shippedBundle, contents, { engine: "integer", logger: silentLogger });
});
afterAll(() => bundle.retire());

/** A window as training saw them on average, but for one race, whose lines stand out. */
function shout(order: string): Float32Array {
  const { features, scaler } = bundle.manifest;
  return Float32Array.from(features.list, ({ name }, index) =>
    name.startsWith(`${order}.h`) ? 3 : scaler.mean[index]!,
  );
}

describe("a window of two bands", () => {
  it("is decided upon by both; the integers stay the lower band's", async () => {
    const [features, upperFeatures] = [shout("bpfi"), shout("bpfo")];
    const output = await bundle.score({ features, upperFeatures });
    const [lower, upper] = [
      await bundle.score({ features }),
      await bundle.score({ features: upperFeatures }),
    ];
    expect([lower.bands, upper.bands]).toEqual([undefined, undefined]);
    expect(output.bands).toEqual({ lower, upper });
    expect(output.quantised).toEqual(lower.quantised);
    expect(output.logits).toEqual(lower.logits.map((logit, mode) => joinLogits(logit, upper.logits[mode]!)));
  });

  it("is explained by the band that leads, mode by mode, down to the logit that was decided upon", async () => {
    const [features, upperFeatures] = [shout("bpfi"), shout("bpfo")];
    const output = await bundle.score({ features, upperFeatures });
    const explanations = await explainScored({
      bundle,
      output,
      window: windowAt(0, { features, upperFeatures }),
    });
    expect(explanations.slice(0, 2).map(({ band }) => band)).toEqual(["lower", "upper"]);
    const alone = {
      lower: await explainWindow(bundle, features),
      upper: await explainWindow(bundle, upperFeatures),
    };
    for (const [mode, { baseValue, groups, gap, band }] of explanations.entries()) {
      const sum = groups.reduce((total, { share }) => total + share, baseValue);
      expect(Math.abs(sum - output.logits[mode]!)).toBeLessThan(1e-9);
      expect(gap).toBeLessThan(1e-9);
      expect(groups.slice(0, -1)).toEqual(alone[band!][mode]!.groups);
      const other = groups.at(-1)!;
      expect(other.name).toBe(otherBandGroup);
      expect(other.share).toBeLessThanOrEqual(0);
      expect(other.share).toBeGreaterThanOrEqual(-2 * Math.log(2));
    }
  });

  it("is explained as ever where it has one band", async () => {
    const features = shout("bsf");
    const output = await bundle.score({ features });
    const explanations = await explainScored({ bundle, output, window: windowAt(0, { features }) });
    expect(explanations).toEqual(await explainWindow(bundle, features));
    for (const explanation of explanations) expect(explanation).not.toHaveProperty("band");
  });
});
