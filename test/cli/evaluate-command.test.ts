import { expect, it } from "vitest";
import { aurora } from "./aurora.ts";
import { shippedBundle } from "./score/recordings.ts";

it.each([
  [["--no-rebuild"], "--replay goes without"],
  [["--key", "release.key"], "--replay goes without"],
  [["--protocol", "held-out"], "--protocol goes without"],
])("refuses to replay a verdict with %s, which it would not heed", async (options, message) => {
  const { code, stderr } = await aurora("evaluate", shippedBundle, "--replay", ...options);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
