import { expect, test } from "vitest";
import { startAurora } from "./aurora.ts";

test("options that contradict one another are refused before anything starts", async () => {
  const { finished } = startAurora(["demo", "--drift", "grease", "--fault", "ball"]);
  const { code, stderr } = await finished;
  expect([code, stderr]).toEqual([2, expect.stringContaining("--fault ball contradicts --drift grease")]);
});
