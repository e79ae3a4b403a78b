import { expect, it } from "vitest";
import { auroraHere } from "./aurora.ts";

it.each([
  ["doctor", ["--config", "nowhere.yaml"], 1, "CONFIG_INVALID", /nowhere\.yaml/],
  ["alert", ["ack", "WT01"], 2, "USAGE", /missing required argument/],
  [
    "bundle",
    ["republish", "nowhere", "--as", "1.2.0", "--key", "k", "--version", "1.2.0"],
    2,
    "USAGE",
    /unknown option '--version'/,
  ],
  ["bundle", ["inspect", "nowhere"], 1, "BUNDLE_FORMAT", /nowhere/],
  [
    "explain",
    ["models/bearing-vibration/1.0.0", "--window", "nowhere.npy"],
    1,
    "DATA_MISSING",
    /nowhere\.npy/,
  ],
  ["evidence", ["list", "--collector", "http://127.0.0.1:2"], 1, "COLLECTOR", /127\.0\.0\.1:2/],
  ["data", ["check", "nowhere.yaml"], 1, "CONFIG_INVALID", /nowhere\.yaml/],
] as const)(
  "aurora %s says with --json what is wrong as JSON",
  async (command, args, code, name, message) => {
    const asked = await auroraHere(command, ...args, "--json");
    expect(asked.code).toBe(code);
    const told = JSON.parse(asked.stdout) as { error: { hint: string } };
    expect(told).toEqual({
      error: { code: name, message: expect.stringMatching(message), hint: expect.stringMatching(/./) },
    });
    expect(asked.stderr).toMatch(/^error: /);
    expect(asked.stderr).toContain(`hint: ${told.error.hint}`);
  },
);
