import { expect, onTestFinished, test } from "vitest";
import { computeBearingOrders, generatorBearings } from "../../src/core/contract/bundle/bearing-geometry.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";
import { until } from "../support/until.ts";
import { startHandDevice } from "./hand-device.ts";
import { createInstallation, names } from "./installation.ts";

const bearing = computeBearingOrders(generatorBearings[0]!);
/** When the device's time begins. */
const startMs = Date.UTC(2026, 0, 1);

test.for([0, 1])(
  "a device's samples in a window that is open are declared, whoever ends the gateway, %i workers",
  async (workers) => {
    const installation = await createInstallation();
    const collector = await installation.startCollector();
    const device = await startHandDevice("WT02");
    const stateDir = `${installation.folder}/gateway`;
    const config = installation.writeGatewayConfig([{ id: "WT02", bearing, connect: device.address }], {
      gateway: { id: names.gateway, site: names.site, stateDir, httpPort: 0, workers },
    });
    const start = async () => {
      const gateway = await startGatewayProcess(config);
      onTestFinished(gateway.kill);
      return gateway;
    };
    const gaps = async (): Promise<
      readonly { readonly detail: string; readonly fromMs: number; readonly toMs: number }[]
    > =>
      (await collector.record.events({ limit: 99, offset: 0 })).items
        .filter(({ name }) => name === "gap.prediction")
        .map(({ detail }) => {
          const [, from, to] = /from (\S+Z) to (\S+Z)/.exec(detail)!;
          return { detail, fromMs: Date.parse(from!), toMs: Date.parse(to!) };
        });
    const isDeclared = async (words: string, fromMs: number, toMs: number): Promise<boolean> =>
      (await gaps()).some((gap) => gap.detail.includes(words) && gap.fromMs <= fromMs && gap.toMs >= toMs);

    const first = await start();
    // A window is 1.2 s long: one ends, another one is open. The device has heard that all came.
    await device.stream(1.8);
    await first.kill();
    // This one has hardly begun.
    await (await start()).kill();
    const third = await start();
    await until(
      () => isDeclared("lost when", startMs + 1_200, startMs + 1_800),
      "the gap after the kill",
      40_000,
    );

    await device.stream(0.6);
    await third.stop();
    await start();
    await until(
      () => isDeclared("when the gateway was stopped", startMs + 1_800, startMs + 2_400),
      "the gap after the stop",
      40_000,
    );
    const isOther = ({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): boolean =>
      fromMs < startMs || toMs > startMs + 4_000;
    expect((await gaps()).filter(isOther)).toEqual([]);
  },
);
