import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { describeOldNode } from "../../src/cli/old-node.ts";

test.each(["18.19.0", "20.18.3", "4.0.0"])("Node %s is too old, and is told so in one line", (version) => {
  const said = describeOldNode(version);
  expect(said).toContain(`${process.execPath} is ${version}`);
  expect(said).not.toContain("\n");
});

test.each(["20.19.0", "20.20.2", "22.0.0", "24.1.0"])("Node %s will do", (version) => {
  expect(describeOldNode(version)).toBeNull();
});

test("the oldest Node is that of the package", () => {
  expect(packageJson.engines.node).toBe(">=20.19");
});

test("the command loads nothing else on an old Node", async () => {
  const main = new URL("../../src/cli/main.ts", import.meta.url).pathname;
  const old = `data:text/javascript,${encodeURIComponent(
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.19.0" } });',
  )}`;
  const ran = promisify(execFile)(process.execPath, ["--import", "tsx", "--import", old, main, "--version"]);
  await expect(ran).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^aurora: Node 20\.19 or newer is needed, and .* is 18\.19\.0: [^\n]*\n$/),
  });
});
