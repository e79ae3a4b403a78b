import { expect, test } from "vitest";
import { until } from "../support/until.ts";
import { createInstallation } from "./installation.ts";
import { listen } from "./subscriber.ts";
import { createTurbine } from "./turbines.ts";

test("the retained configuration names the file of the password and never shows the password", async () => {
  const installation = await createInstallation();
  await installation.startCollector();
  const subscriber = await listen(installation);
  const { bearing } = createTurbine(32, { kind: "outer-race", onsetS: 10 }, 1);
  await installation.startGateway([{ id: "WT01", bearing, connect: "mqtt" }]);
  await until(() => subscriber.statuses.some(({ online }) => online), "the status");
  const text = JSON.stringify(subscriber.statuses);
  expect(text).toContain("passwordFile");
  expect(text).not.toContain(installation.password);
});
