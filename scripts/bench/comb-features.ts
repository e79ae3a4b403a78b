/** The bearing features with combs beside lines, of which no bundle that ships is made (src/adr/0062): for what tries them. */
import { bearingFaults, faultKinds } from "../../src/core/contract/bundle/bearing-fault.ts";
import type { FeatureDeclaration, FeatureSpec } from "../../src/core/contract/bundle/feature-spec.ts";

const tolerance = 0.02;

/** `spec` with four more features a failure mode, behind its own: they are tied alike. Of the spec's first chain. */
export function addCombs(spec: FeatureSpec): FeatureSpec {
  const chain = spec.chains[0]!.name;
  const prefixes = faultKinds.map((kind) => `${bearingFaults[kind].order}.`);
  const own = prefixes.flatMap((prefix) => spec.list.filter(({ name }) => name.startsWith(prefix)));
  return {
    ...spec,
    list: [
      ...faultKinds.flatMap((kind) => {
        const { order, part: group } = bearingFaults[kind];
        const lines = own.filter(({ name }) => name.startsWith(`${order}.`));
        return [...lines, ...listCombs(order, { chain, group })];
      }),
      ...spec.list.filter((feature) => !own.includes(feature)),
    ],
  };
}

function listCombs(
  order: string,
  { chain, group }: Pick<FeatureDeclaration, "chain" | "group">,
): FeatureDeclaration[] {
  const make = (
    name: string,
    operator: string,
    params: FeatureDeclaration["params"],
  ): FeatureDeclaration => ({
    name: `${order}.${name}`,
    operator,
    chain,
    params: { order, tolerance, ...params },
    group,
  });
  return [
    make("comb", "comb-log-snr", { harmonics: 2 }),
    make("comb.line", "comb-line-log-snr", { spacing: "ftf", harmonics: 2 }),
    make("comb.side", "comb-side-log-snr", { spacing: "ftf", harmonics: 2 }),
    make("comb.half", "half-comb-log-snr", { harmonics: 3 }),
  ];
}
