import { expect, test } from "vitest";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { createSignalChain } from "../../../src/gateway/points/signal-chain.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { blockAt, createFakeBundle } from "../fakes.ts";

const bearing = { bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.4 };
const { operation, turbines } = gatewayConfigSchema().parse({
  gateway: { id: "gw", site: "north" },
  mqtt: { url: "mqtt://127.0.0.1:1883" },
  devices: [{ id: "mcu", connect: "tcp://127.0.0.1:9" }],
  turbines: [
    {
      id: "WT01",
      // Two models listen to one channel.
      points: ["bearing-sample", "other"].map((bundle) => {
        return { component: `of-${bundle}`, bundle, device: "mcu", channel: "de", bearing };
      }),
    },
  ],
  bundles: { dir: ".", trustedKeys: ["release.pub"], engine: "integer" },
});

test("of samples that are missing, those that were refused before are not set aside once more", () => {
  const bundle = createFakeBundle("1.0.0", { name: "bearing-sample" });
  const said: unknown[] = [];
  const chain = createSignalChain({
    points: turbines[0]!.points.map((config) => {
      return { id: { site: "north", turbine: "WT01", component: config.component }, config };
    }),
    bundleOf: () => bundle,
    operation,
    readings: { read: () => Number.NaN },
    clock: createManualClock(),
    sink: {
      window: () => {},
      missing: () => {},
      silence: () => {},
      setAside: ({ reason, samples, detail }, _turbine, windows) => {
        if (windows === 0) said.push([reason, samples, detail]);
      },
      schemaDrift: () => {},
    },
  });
  chain.accept(blockAt(0));
  // Blocks of a hundred samples: two are missing here, and were refused, …
  chain.accept(blockAt(3), 200);
  expect(said).toEqual([]);
  // … three of four here, …
  chain.accept(blockAt(8), 300);
  const gap = ["gap", 100, "100 samples are missing"];
  expect(said.splice(0)).toEqual([gap, gap]);
  // … and none here.
  chain.accept(blockAt(10));
  expect(said.splice(0)).toEqual([gap, gap]);
  // A device that began anew says so, whatever was refused before.
  chain.accept(blockAt(0), 200);
  const restart = ["gap", 0, "the sample count went back by 1100: a restart"];
  expect(said).toEqual([restart, restart]);
});
