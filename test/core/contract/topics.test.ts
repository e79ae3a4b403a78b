import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { createTopics, lanes } from "../../../src/core/contract/topics.ts";

const page = resolve(import.meta.dirname, "../../../src/INTERFACES.md");

it("the page for other programs tells every topic, and none that there is not", () => {
  const topics = createTopics("<base>");
  const [gateway, site, turbine] = ["<gateway>", "<site>", "<turbine>"];
  const all = [
    topics.alert(site, turbine),
    topics.state(site, turbine),
    topics.status(gateway),
    topics.up(gateway, lanes[0]).replace(lanes[0], "<lane>"),
    topics.ack(gateway),
    topics.desired(gateway),
    topics.evidence(gateway),
    topics.label(gateway),
    topics.deviceTx(gateway, "<device>"),
    topics.deviceRx(gateway, "<device>"),
  ];
  const text = readFileSync(page, "utf8");
  expect([...text.matchAll(/^\| `(<base>\/[^`]+)` /gm)].map(([, topic]) => topic)).toEqual(all);
  for (const lane of lanes) expect(text).toContain(`\`${lane}\``);
});
