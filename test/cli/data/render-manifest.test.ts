import { expect, test } from "vitest";
import { parse } from "yaml";
import { renderManifest } from "../../../src/cli/data/render-manifest.ts";

test("what options say of a machine stands in the manifest for all its recordings", () => {
  const about = { about: "a gear", hasRates: true, notes: new Map() };
  const guessed = { entries: [], unlabelled: [], others: 0 };
  const stated = { polePairs: 2, gearedShafts: [4.765, 0.21] };
  expect(parse(renderManifest(guessed, stated, about))).toMatchObject(stated);
  expect(parse(renderManifest(guessed, {}, about))).not.toHaveProperty("gearedShafts");
});
