import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { compiledCommand } from "../support/compiled.ts";
import { findFreePort } from "../support/free-port.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

const root = resolve(import.meta.dirname, "..", "..");

/** The commands of the guide, one text, in their sequence. */
function readCommands(): string {
  const document = readFileSync(join(root, "models", "README.md"), "utf8");
  const [, guide = ""] = /^## A model of one's own.*?$(.*?)^## /ms.exec(document) ?? [];
  return [...guide.matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1]).join("\n");
}

interface Updates {
  readonly items: readonly { readonly step: string; readonly toVersion: string }[];
}

test("the guide's commands lead from a folder of recordings to a gateway that runs what was learnt", async () => {
  const folder = createTemporaryFolder();
  for (const name of ["scripts", "models"]) symlinkSync(join(root, name), join(folder, name));
  const ports = new Map([
    ["8080", await findFreePort()],
    ["8081", await findFreePort()],
    ["1883", await findFreePort()],
  ]);
  let commands = readCommands();
  for (const [port, free] of ports) commands = commands.replaceAll(port, String(free));
  expect(commands).toContain("aurora bundle publish");
  // It stands as it is but for the second training, a minute that test/long/gate-verdict.test.ts takes for a small one.
  const evaluate = "aurora evaluate rig/1.1.0 --key keys/release.key";
  expect(commands).toContain(`${evaluate} ||`);
  commands = commands.replace(evaluate, `${evaluate} --no-rebuild`);
  const aurora = `aurora() { ${JSON.stringify(process.execPath)} ${JSON.stringify(compiledCommand())} "$@"; }`;
  const shell = spawn("bash", ["-c", `set -e\n${aurora}\n${commands}\necho the end of the guide\nwait`], {
    cwd: folder,
    detached: true,
    env: { ...process.env, NO_COLOR: "1", PATH: `/usr/bin:${process.env.PATH ?? ""}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const gone = once(shell, "exit");
  onTestFinished(async () => {
    // Its daemons with it: they are of its group.
    if (shell.exitCode === null) process.kill(-shell.pid!, "SIGTERM");
    await gone;
  });
  let output = "";
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const isOver = async (): Promise<boolean> => {
    if (shell.exitCode !== null) throw new Error(`the guide ended with ${shell.exitCode}:\n${output}`);
    return output.includes("the end of the guide");
  };
  await until(isOver, "the guide goes to its end", 900_000);
  expect(output).toContain("33 recordings of 6 machines");
  expect(output).toContain("bearing-vibration@1.1.0 is offered to gateways now");
  const activated = async (): Promise<string[]> => {
    const reply = await fetch(`http://127.0.0.1:${ports.get("8080")}/api/v1/updates?limit=50`);
    const { items } = (await reply.json()) as Updates;
    return items.filter(({ step }) => step === "activated").map(({ toVersion }) => toVersion);
  };
  await until(async () => (await activated()).includes("1.2.0"), `the way back is taken: ${output}`, 60_000);
  expect(await activated()).toEqual(["1.2.0", "1.1.0"]);
}, 1_200_000);
