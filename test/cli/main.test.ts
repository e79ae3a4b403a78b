import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { commandTable } from "../../src/cli/command-table.ts";
import { createKeyPair, parsePrivateKey } from "../../src/core/bundle/keys.ts";
import { writeBundle } from "../../src/core/bundle/write-bundle.ts";
import { sampleContents } from "../core/bundle/sample-bundle.ts";
import { compiledCommand } from "../support/compiled.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { aurora, auroraHere, startAurora } from "./aurora.ts";

describe("aurora", () => {
  test("--help names every subcommand", async () => {
    const { code, stdout, stderr } = await aurora("--help");
    expect(code).toBe(0);
    expect(stderr).toBe("");
    for (const { name, description } of commandTable) {
      expect(stdout).toContain(name);
      expect(stdout.replaceAll(/\s+/g, " ")).toContain(description);
    }
    expect(stdout).toContain("Example");
  });

  test.for([
    [["help"], ["--help"]],
    [
      ["help", "baseline"],
      ["baseline", "--help"],
    ],
    [
      ["help", "baseline", "renew"],
      ["baseline", "renew", "--help"],
    ],
  ])("%j prints what the command's own --help does", async ([asked, same]) => {
    const [help, own] = await Promise.all([auroraHere(...asked!), auroraHere(...same!)]);
    expect(help).toEqual(own);
    expect([help.code, help.stderr]).toEqual([0, ""]);
  });

  test("baseline renew wants a reason, and says so by an example", async () => {
    const { code, stdout, stderr } = await auroraHere(
      "baseline",
      "renew",
      "WT07",
      "gearbox",
      "--config",
      "none.yaml",
    );
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(
      /^error: nothing says why WT07 gearbox is to be learnt anew\nhint: .*--reason 'bearing/,
    );
  });

  test.skipIf(!existsSync("/dev/full"))("a full disk under stdout is an error, and no bug", async () => {
    const full = openSync("/dev/full", "w");
    const child = spawn(process.execPath, [compiledCommand(), "config", "schema"], {
      stdio: ["ignore", full, "pipe"],
    });
    closeSync(full);
    const ended = once(child, "close");
    let stderr = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    expect(await ended).toEqual([1, null]);
    expect(stderr).toMatch(/^error: cannot write what belongs on stdout: ENOSPC.*\nhint: .*\n$/);
  });

  test("--version prints a semantic version", async () => {
    const { code, stdout } = await auroraHere("--version");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("without a subcommand prints its help and fails as wrong usage", async () => {
    expect((await aurora()).code).toBe(2);
  });

  test("device push --help explains it with an example", async () => {
    const { code, stdout, stderr } = await auroraHere("device", "push", "--help");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("Usage: aurora device push");
    expect(stdout).toMatch(/Examples?:/);
  });

  test.for(commandTable)(
    "the help of $name and of what is below it has an example",
    async ({ name, load }) => {
      const command = await load();
      new Command("aurora").addCommand(command);
      const helps = [command, ...command.commands].map(helpOf);
      expect(helps[0]).toContain(`Usage: aurora ${name}`);
      for (const [index, child] of command.commands.entries())
        expect(helps[index + 1]).toContain(`Usage: aurora ${name} ${child.name()}`);
      expect(helps.join("\n")).toMatch(/Examples?:/);
    },
  );

  test("no option is set by an environment variable: it would change what a command means", async () => {
    const commands = await Promise.all(commandTable.map(({ load }) => load()));
    const options = commands
      .flatMap((command) => [command, ...command.commands])
      .flatMap(({ options }) => options);
    expect(options.length).toBeGreaterThan(50);
    expect(options.filter(({ envVar }) => envVar !== undefined)).toEqual([]);
  });

  test.for([
    [["nonsense"]],
    [["--nonsense"]],
    [["bundle", "nonsense"]],
    [["help", "nonsense"]],
    [["demo", "--fault", "nonsense"]],
    [["demo", "--timeout", "soon"]],
    [["demo", "--seed", "1", "--seed", "2"]],
    [["doctor", "-c", "a.yaml", "--config", "b.yaml"]],
    [["gateway", "--nonsense"]],
    [["alert", "shelve", "WT07", "gearbox", "gear", "--hours", "3", "--end", "-c", "gateway.yaml"]],
  ])("wrong usage ends with 2, what is wrong and what to do: %j", async ([args]) => {
    const { code, stdout, stderr } = await auroraHere(...args!);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toMatch(/^hint: `aurora\b.* --help`/m);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test.for([
    [["gateway", "--config", "/does/not/exist.yaml"]],
    [["collector", "--config", "/does/not/exist.yaml"]],
    [["config", "validate", "/does/not/exist.yaml"]],
    [["bundle", "inspect", "/does/not/exist"]],
    [["demo", "--models", "/does/not/exist"]],
  ])("what the user can mend is an error and a hint, never a stack: %j", async ([args]) => {
    const { code, stdout, stderr } = await auroraHere(...args!);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^error: .+\nhint: .+\n$/);
    expect(stderr).toContain("/does/not/exist");
  });

  test("a gateway's wrong configuration is an error with its line", async () => {
    const path = join(createTemporaryFolder(), "gateway.yaml");
    writeFileSync(path, "gateway:\n  id: gw-1\n  site: north\nturbines:\n  - id: WT01\n    poinst: []\n");
    const { code, stderr } = await aurora("gateway", "--config", path);
    expect(code).toBe(1);
    expect(stderr).toMatch(/:6:.*poinst/s);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("bundle verify takes a good bundle and refuses one with a flipped bit", async () => {
    const folder = createTemporaryFolder();
    const pair = createKeyPair();
    const key = join(folder, "release.pub");
    writeFileSync(key, pair.publicKeyPem);
    const dir = join(folder, "1.0.0");
    const bundle = await writeBundle(dir, sampleContents(), parsePrivateKey(pair.privateKeyPem));
    expect(await auroraHere("bundle", "verify", dir, "--keys", key)).toMatchObject({ code: 0, stderr: "" });
    // Every file of it is the verification's own test.
    const [some] = bundle.files.keys();
    for (const name of [some!, "manifest.json", "manifest.dsse.json"]) {
      const path = join(dir, name);
      const good = readFileSync(path);
      const bad = Buffer.from(good);
      bad[Math.floor(bad.length / 2)]! ^= 4;
      writeFileSync(path, bad);
      const { code, stderr } = await auroraHere("bundle", "verify", dir, "--keys", key);
      expect([name, code]).toEqual([name, 1]);
      expect(stderr).toMatch(/REFUSED \(BUNDLE_[A-Z]+\): .+\nhint: .+/);
      writeFileSync(path, good);
    }
  });
});

/** What a command prints for --help. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

test("a reader that has seen enough ends the command without a word", async () => {
  const running = startAurora([
    "bundle",
    "diff",
    "models/bearing-vibration/1.0.0",
    "models/turbine-scada/1.0.0",
  ]);
  running.child.stdout?.destroy();
  expect(await running.finished).toMatchObject({ code: 141, stderr: "" });
});
