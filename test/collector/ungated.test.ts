import { expect, onTestFinished, test } from "vitest";
import type { z } from "zod";
import { modelsSchema, turbinesSchema, updatesSchema } from "../../src/collector/api/api-schemas.ts";
import type { UpdateRecord } from "../../src/core/contract/uplink-record.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { connectGateway, countStates, startTestFleet } from "./fleet-fixture.ts";
import { turbineState } from "./fleet-records.ts";

test("a model whose gate was not asked is called ungated on every page and list that names it, and no other is", async () => {
  const fleet = await startTestFleet(createTemporaryFolder());
  onTestFinished(() => fleet.collector.close());
  const gateway = await connectGateway(fleet);
  onTestFinished(() => gateway.close());
  const digest = await fleet.addBundle("1.3.0", { ungated: true });
  await fleet.collector.scanBundles();
  const [nowMs, model] = [Date.now(), { name: "bearing-vibration", version: "1.3.0", digest }];
  await gateway.publish(fleet.topics.state("north-sea", "wt-01"), {
    ...turbineState("wt-01", nowMs, digest),
    model,
  });
  await gateway.publish(fleet.topics.state("north-sea", "wt-02"), turbineState("wt-02", nowMs, fleet.digest));
  const step = (toVersion: string): UpdateRecord => ({
    kind: "update",
    timeMs: nowMs,
    modelName: model.name,
    fromVersion: "1.1.0",
    toVersion,
    step: "activated",
    detail: "from slot a",
  });
  await gateway.send(step("1.2.0"), step("1.3.0"));
  await until(async () => (await countStates(fleet)) === 2, "states stored");

  const listed = async (path: string, schema: z.ZodType): Promise<Record<string, unknown>[]> => {
    const { body } = await fleet.getJson(path);
    expect(schema.parse(body)).toEqual(body);
    return (body as { readonly items: Record<string, unknown>[] }).items;
  };
  const models = await listed("/api/v1/models", modelsSchema);
  expect(models.map(({ version, ungated }) => [version, ungated])).toEqual([
    ["1.2.0", undefined],
    ["1.3.0", true],
  ]);
  const updates = await listed("/api/v1/updates", updatesSchema);
  expect(updates.map(({ toVersion, ungated }) => [toVersion, ungated])).toEqual([
    ["1.3.0", true],
    ["1.2.0", undefined],
  ]);
  const turbines = await listed("/api/v1/turbines", turbinesSchema);
  expect(turbines.map(({ turbine, modelUngated }) => [turbine, modelUngated])).toEqual([
    ["wt-01", true],
    ["wt-02", undefined],
  ]);

  const page = async (path: string): Promise<string> => (await fetch(`${fleet.collector.url}${path}`)).text();
  const badges = (text: string): number =>
    text.split(/<span title="It was written without[^>]*><span class="badge plain">/).length - 1;
  // The turbine's row, the model's, and the step of the update.
  expect(badges(await page("/"))).toBe(3);
  expect(badges(await page("/turbine/north-sea/wt-01"))).toBe(1);
  expect(badges(await page("/turbine/north-sea/wt-02"))).toBe(0);
});
