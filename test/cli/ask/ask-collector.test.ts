import { expect, test } from "vitest";
import { defaultCollectorUrl, sayCollector } from "../../../src/cli/ask/ask-collector.ts";

test("a command names the collector that is asked, and nothing else of what was given as its address", () => {
  for (const usual of [
    defaultCollectorUrl,
    `${defaultCollectorUrl}/`,
    `${defaultCollectorUrl}?token=secret#page`,
  ])
    expect(sayCollector(usual)).toBe("");
  expect(sayCollector("HTTPS://Wind.example/fleet?token=secret#page")).toBe(
    " --collector https://wind.example/fleet",
  );
  expect(() => sayCollector("wind.example")).toThrow(/not an address/);
});
