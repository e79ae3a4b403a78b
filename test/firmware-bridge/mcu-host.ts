/** Compiles the firmware for this machine and runs it, for tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMcuImage, type McuImageOptions } from "../../firmware-bridge/mcu-image.ts";
import { buildHostProgram, type HostProgram } from "../../scripts/mcu/build-firmware.ts";
import { hasProgram, hostCompiler } from "../../scripts/mcu/toolchain.ts";

/** Is there a C compiler? Without one these tests are skipped. */
export const hasCompiler: boolean = hasProgram(hostCompiler());

/** A folder of one test file, with what was built in it. */
export interface McuWorkshop {
  readonly folder: string;
  /** Builds a target, returns the program's path. */
  build(target: HostProgram): string;
  /** Starts the host build on an image of its own; resolves with where it can be reached. */
  start(program: string, options: McuImageOptions, line?: "tcp" | "pty"): Promise<HostBoard>;
  /** Ends what runs and removes everything. */
  close(): Promise<void>;
}

/** A running board. */
export interface HostBoard {
  readonly child: ChildProcess;
  /** Port, or path of the terminal. */
  readonly address: string;
  readonly imagePath: string;
}

/** Creates an empty workshop. */
export function createMcuWorkshop(): McuWorkshop {
  const folder = mkdtempSync(join(tmpdir(), "aurora-mcu-"));
  const children: ChildProcess[] = [];
  let images = 0;
  return {
    folder,
    build: (target) => buildHostProgram(target, folder),
    start: async (program, options, line = "tcp") => {
      const imagePath = join(folder, `image-${images++}`);
      writeFileSync(imagePath, createMcuImage(options));
      const args = line === "tcp" ? ["--tcp", "0"] : ["--pty"];
      const child = spawn(program, [imagePath, ...args], { stdio: ["ignore", "pipe", "inherit"] });
      children.push(child);
      const [text] = (await once(child.stdout!, "data")) as [Buffer];
      return { child, address: text.toString().trim().split(" ")[1]!, imagePath };
    },
    close: async () => {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill();
        await once(child, "exit");
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
