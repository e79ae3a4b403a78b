/** Where a bundle's model comes from: code, configuration, seed, data, libraries. No clock and no commit id. */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import { hexDigest, plainName } from "./plain-name.ts";

export interface Lineage {
  /** SHA-256 over the sources of training and of all that it calls. */
  readonly trainingCodeSha256: string;
  readonly configSha256: string;
  readonly seed: number;
  /** Data sets by name, one at least: fingerprint of the files that were read, the groups that were trained on and held out. */
  readonly data: readonly {
    readonly name: string;
    readonly sha256: string;
    readonly trainGroups: readonly string[];
    readonly heldOutGroups: readonly string[];
  }[];
  /** Library name → version. */
  readonly libraries: Readonly<Record<string, string>>;
  /** `name@version` of the model that this one replaces, or null. */
  readonly parent: string | null;
  /** What the teacher was and how good, in one sentence. */
  readonly teacher: string;
  /** The bundle whose model this is once more, under a higher version; absent: it was made by training. */
  readonly republished?: { readonly version: string; readonly digest: string } | undefined;
  /** It was written without asking the gate (`aurora train --ungated`); absent: the gate let it out. */
  readonly ungated?: true | undefined;
}

/** What is said of such a bundle wherever one looks at it. */
export const ungatedWords =
  "written without asking its gate (aurora train --ungated): nobody has shown that it is fit to serve";

const text = z.string().max(4096);

export const lineageSchema: () => z.ZodType<Lineage> = onDemand(() =>
  z.strictObject({
    trainingCodeSha256: hexDigest,
    configSha256: hexDigest,
    seed: z.int(),
    data: z
      .array(
        z.strictObject({
          name: plainName,
          sha256: hexDigest,
          trainGroups: z.array(z.string().max(128)),
          heldOutGroups: z.array(z.string().max(128)),
        }),
      )
      .min(1),
    libraries: z.record(z.string().max(128), z.string().max(64)),
    parent: z.string().max(128).nullable(),
    teacher: text,
    republished: z.strictObject({ version: z.string().max(64), digest: hexDigest }).optional(),
    ungated: z.literal(true).optional(),
  }),
);
