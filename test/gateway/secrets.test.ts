import { expect, test } from "vitest";
import { until } from "../support/until.ts";
import { createInstallation, names } from "./installation.ts";
import { listen } from "./subscriber.ts";
import { createTurbine } from "./turbines.ts";

test("a password in an address is used and never shown in the retained configuration", async () => {
  const installation = await createInstallation();
  await installation.startCollector();
  const subscriber = await listen(installation);
  const password = encodeURIComponent(installation.password);
  const url = installation.mqttUrl.replace("//", `//${names.gateway}:${password}@`);
  const { bearing } = createTurbine(32, { kind: "outer-race", onsetS: 10 }, 1);
  await installation.startGateway([{ id: "WT01", bearing, connect: "mqtt" }], { mqtt: { url } });
  await until(() => subscriber.statuses.some(({ online }) => online), "the status");
  const text = JSON.stringify(subscriber.statuses);
  expect(text).toContain(`//${names.gateway}:[redacted]@127.0.0.1`);
  expect(text).not.toContain(password);
});
