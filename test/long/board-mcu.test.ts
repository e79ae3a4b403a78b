/** The command that the firmware's README begins with: what it makes runs, and it says so when it is called wrongly. */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openBoardSession } from "../../scripts/mcu/board-session.ts";
import { startVirtualBoard } from "../../scripts/mcu/virtual-board.ts";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { reasonToSkip } from "../mcu/skip-reason.ts";

const scratch = createScratchFolder("board-mcu");
afterAll(scratch.remove);

const script = join(packageRoot(), "scripts", "board-mcu.ts");
const bundle = join(packageRoot(), "models", "bearing-vibration", "1.0.0");

function run(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["--import", "tsx", script, ...args], {
    cwd: packageRoot(),
    encoding: "utf8",
  });
}

test.skipIf(reasonToSkip("host") !== null)(
  "makes a board that says who it is and which model it runs, and keeps its key when it is made anew",
  async () => {
    const folder = join(scratch.path, "board");
    const made = run(folder, "--bundle", bundle, "--id", "bench-7");
    expect(made.stderr).toBe("");
    const [program, imagePath, keyPath] = ["firmware-host", "board.img", "bench-7.key"].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    expect(made.stdout).toContain(`${program} ${imagePath} --tcp 4001`);
    const key = readFileSync(keyPath, "utf8");
    expect(key).toMatch(/^[0-9a-f]{64}\n$/);
    expect(statSync(keyPath).mode & 0o777).toBe(0o600);
    const board = await startVirtualBoard({ kind: "host", program, imagePath, line: "tcp", folder });
    const session = await openBoardSession(board.address);
    const hello = await session.hello;
    await session.close();
    await board.stop();
    expect(hello).toMatchObject({ deviceId: "bench-7", modelVersion: "1.0.0" });
    expect(run(folder, "--id", "bench-7").status).toBe(0);
    expect(readFileSync(keyPath, "utf8")).toBe(key);
  },
  120_000,
);

test("says how it is called where it is called wrongly", () => {
  for (const args of [[], ["a", "--board", "z80"]]) {
    const { status, stdout, stderr } = run(...args);
    expect({ status, stdout }, args.join(" ")).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(
      /^error: (no FOLDER is given|--board is one of .*, not "z80") \(--help says what there is\)\n$/,
    );
  }
}, 60_000);
