/** How a daemon's process is begun is said in three places, none of which can read another: here they are one. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { daemonNodeOptions, gatewayEnvironment } from "../../../src/cli/demo/child-daemon.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const options = daemonNodeOptions.join(" ");

test("the command's first line asks Node for what a child daemon is given", async () => {
  const [first] = (await readFile(join(root, "src", "cli", "main.ts"), "utf8")).split("\n");
  expect(first).toBe(`#!/usr/bin/env -S node ${options}`);
});

test("the package's command does, and says a gateway's environment", async () => {
  const script = await readFile(join(root, "scripts", "packaging", "debian", "aurora"), "utf8");
  expect(script).toContain(`/node ${options} /`);
  const said = Object.entries(gatewayEnvironment).map(([name, value]) => `${name}=${value}`);
  expect(script).toContain(`if [ "$1" = gateway ]; then export ${said.join(" ")}; fi`);
});
