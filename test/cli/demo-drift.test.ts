import { expect, test } from "vitest";
import { auroraHere } from "./aurora.ts";

test("options that contradict one another are refused before anything starts", async () => {
  const { code, stderr } = await auroraHere("demo", "--drift", "grease", "--fault", "ball");
  expect([code, stderr]).toEqual([2, expect.stringContaining("--fault ball contradicts --drift grease")]);
});
