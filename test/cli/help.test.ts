import { readFileSync } from "node:fs";
import type { Command, Option } from "commander";
import { describe, expect, it, test } from "vitest";
import { parse } from "yaml";
import { commandTable } from "../../src/cli/command-table.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import { auroraHere } from "./aurora.ts";

/** The words of every command there is, nested ones too. */
async function listPaths(): Promise<readonly (readonly string[])[]> {
  const below = (command: Command, path: readonly string[]): readonly (readonly string[])[] => [
    path,
    ...command.commands.flatMap((child) => below(child, [...path, child.name()])),
  ];
  const all = await Promise.all(commandTable.map(async ({ name, load }) => below(await load(), [name])));
  return all.flat();
}

test("help of a command is what its --help says, every one has an example, and no line is longer than 100", async () => {
  const paths = await listPaths();
  expect(paths.length).toBeGreaterThan(30);
  for (const path of [[], ...paths]) {
    const asked = await auroraHere(...path, "--help");
    expect(asked.code, path.join(" ")).toBe(0);
    expect(asked.stdout, path.join(" ")).toMatch(/\nExamples?:\n {2}\$ (\w+=\S+ |sudo -u \w+ )?aurora /);
    expect(await auroraHere("help", ...path)).toEqual(asked);
    const long = asked.stdout.split("\n").filter((line) => [...line].length > 100);
    expect(long, path.join(" ")).toEqual([]);
  }
});

test("a configuration is named by -c as well, wherever it is named", async () => {
  const options = (command: Command): readonly string[] => [
    ...command.options.map(({ flags }) => flags),
    ...command.commands.flatMap(options),
  ];
  const all = (await Promise.all(commandTable.map(async ({ load }) => options(await load())))).flat();
  const named = all.filter((flags) => flags.includes("--config "));
  expect(named.length).toBeGreaterThan(8);
  expect(new Set(named)).toEqual(new Set(["-c, --config <file>"]));
});

test("what asks or examines a gateway takes the service's configuration where none is named", async () => {
  const options = (command: Command, path: string): readonly (readonly [string, Option])[] => [
    ...command.options.filter(({ long }) => long === "--config").map((option) => [path, option] as const),
    ...command.commands.flatMap((child) => options(child, `${path} ${child.name()}`)),
  ];
  const all = (
    await Promise.all(commandTable.map(async ({ name, load }) => options(await load(), name)))
  ).flat();
  const installed = all.filter(([, { defaultValue }]) => defaultValue === "/etc/aurora/gateway.yaml");
  expect(installed.map(([path]) => path).sort()).toEqual([
    "alert ack",
    "alert list",
    "alert maintain",
    "alert shelve",
    "baseline renew",
    "baseline show",
    "device capture",
    "doctor",
  ]);
  expect(all.filter(([, { mandatory }]) => mandatory).map(([path]) => path)).toEqual([
    "gateway",
    "collector",
  ]);
});

test("all that opens a serial line opens it at the rate that the protocol names", async () => {
  const options = (command: Command): readonly Option[] => [
    ...command.options,
    ...command.commands.flatMap(options),
  ];
  const all = (await Promise.all(commandTable.map(async ({ load }) => options(await load())))).flat();
  const asked = all.filter(({ long }) => long === "--baud").map(({ defaultValue }) => defaultValue as number);
  const { baud } = gatewayConfigSchema().parse(
    parse(readFileSync("scripts/examples/gateway-serial.yaml", "utf8").replace(/baud: .*/, "")),
  ).devices[0]!;
  expect([...asked, baud]).toEqual([921_600, 921_600, 921_600]);
  expect(readFileSync("firmware-bridge/PROTOCOL.md", "utf8")).toContain("`baud` (921,600 unless");
});

describe("a misspelled command", () => {
  it.each([
    [["trian"], "train"],
    [["help", "trian"], "train"],
    [["devise", "list"], "device"],
    [["device", "psh"], "push"],
    [["help", "device", "psh"], "push"],
    [["device", "psh", "--help"], "push"],
    [["config", "validat", "x.yaml"], "validate"],
    [["doctor", "--confg", "x.yaml"], "--config"],
  ])("%j is told what was meant", async (args, meant) => {
    const { code, stderr } = await auroraHere(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(`Did you mean ${meant}?`);
  });
});
