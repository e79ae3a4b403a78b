import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { auroraHere } from "./aurora.ts";

let keys: string;
beforeEach(async () => {
  keys = join(createTemporaryFolder(), "keys");
  await auroraHere("keys", "init", keys);
});

test("keys rotate says what belongs where, and never shows a private key", async () => {
  const { code, stdout } = await auroraHere("keys", "rotate", keys, "--role", "root", "timestamp");
  expect(code).toBe(0);
  const made = readdirSync(keys).filter((name) => /^(root|timestamp)-[0-9a-f]{8}\.key$/.test(name));
  expect(made).toHaveLength(2);
  expect(stdout).toMatch(
    /^root 2, good until \d{4}-\d\d-\d\d\nroot {7}[0-9a-f]{64} \(new\)\ntargets {4}[0-9a-f]{64}\n/,
  );
  expect(stdout).toContain(`start it again:\n  ${made[1]}\n  1.root.json\n  root.json\n`);
  expect(stdout).toContain(`Offline, beside root.json: ${made[0]}\n`);
  expect(stdout).toMatch(
    /Copy this whole folder to the second place, .*\nDestroy, once gateways have followed: root.key, timestamp.key\n$/,
  );
  expect(stdout).not.toContain("PRIVATE");
});

test("keys rotate with --years alone keeps the keys", async () => {
  const { stdout } = await auroraHere("keys", "rotate", keys, "--years", "6", "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    dir: keys,
    version: 2,
    forCollector: ["1.root.json", "root.json"],
    forOffline: [],
    replaced: [],
  });
  expect(readdirSync(keys).filter((name) => name.includes("-"))).toEqual([]);
});

test("keys rotate wants to be told what changes, and refuses what does not fit by name", async () => {
  const vague = await auroraHere("keys", "rotate", keys);
  expect([vague.code, vague.stderr]).toEqual([2, expect.stringMatching(/--role root targets.*--years/s)]);
  const wrong = await auroraHere("keys", "rotate", keys, "--role", "release");
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("targets")]);
  writeFileSync(join(keys, "root.key"), readFileSync(join(keys, "targets.key")));
  const unfit = await auroraHere("keys", "rotate", keys, "--role", "timestamp");
  expect([unfit.code, unfit.stderr]).toEqual([1, expect.stringContaining("root.key is not the root key")]);
});
