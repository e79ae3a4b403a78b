/** A bundle's golden cases, and whether they are for the model beside them. Runs none. */
import { AuroraError } from "../contract/aurora-error.ts";
import { bundleFileNames } from "../contract/bundle/manifest.ts";
import type { Bundle } from "./bundle.ts";
import { decodeGolden, type Golden } from "./golden.ts";

/** @throws AuroraError BUNDLE_FORMAT when they cannot be read, or were made for another model */
export function readGolden({ manifest, files }: Bundle): Golden {
  const golden = decodeGolden(files.get(bundleFileNames.golden)!);
  const fits =
    golden.features === manifest.features.list.length &&
    golden.outputs === manifest.outputs.length &&
    (golden.groups === 0 || golden.groups === manifest.groups.length);
  if (fits) return golden;
  throw new AuroraError(
    "BUNDLE_FORMAT",
    `golden.bin is for ${golden.features} features, ${golden.outputs} outputs and ${golden.groups} groups`,
    {
      op: "check golden cases",
      subject: `${manifest.name}@${manifest.version}`,
      hint: "Its vectors were made for another model.",
    },
  );
}
