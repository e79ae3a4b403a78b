/** Virtual boards for tests: built once a run, ended and removed with their test file. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFramedLink } from "../../firmware-bridge/framing/framed-link.ts";
import type { DeviceSessionOptions } from "../../firmware-bridge/session/device-session-options.ts";
import { createByteTransport, parseDeviceAddress } from "../../firmware-bridge/transports/device-address.ts";
import { createReconnectingTransport } from "../../firmware-bridge/transports/reconnecting-transport.ts";
import { buildHostProgram, type HostProgram } from "../../scripts/mcu/build-firmware.ts";
import { createMcuImage, type McuImageOptions } from "../../scripts/mcu/mcu-image.ts";
import { hasProgram, hostCompiler } from "../../scripts/mcu/toolchain.ts";
import {
  type BoardKind,
  buildBoardProgram,
  startVirtualBoard,
  type VirtualBoard,
} from "../../scripts/mcu/virtual-board.ts";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { systemTimers } from "../../src/core/platform/clock.ts";
import { makeOnce } from "../support/make-once.ts";
import { type Heard, listen } from "./conversation.ts";

/** Is there a C compiler? Without one these tests are skipped. */
export const hasCompiler: boolean = hasProgram(hostCompiler());

/** A folder of one test file, with what was built and what runs in it. */
export interface McuWorkshop {
  readonly folder: string;
  /** Builds a program for this machine, returns its path. */
  build(target: HostProgram): string;
  /** Starts a board on an image, made from options or left by another board. */
  start(kind: BoardKind, image: McuImageOptions | string, line?: "tcp" | "serial"): Promise<RunningBoard>;
  /** Opens a gateway's session with a board. */
  listenTo(board: RunningBoard, options?: Partial<DeviceSessionOptions>): Promise<Heard>;
  /** Ends what runs and removes everything. */
  close(): Promise<void>;
}

/** A board and its file. */
export interface RunningBoard extends VirtualBoard {
  readonly imagePath: string;
}

/** The firmware for a core; returns its path. */
function buildCore(kind: Exclude<BoardKind, "host">): string {
  const name = "program";
  const folder = makeOnce(`mcu-${kind}`, (into) =>
    writeFileSync(join(into, name), buildBoardProgram(kind, into)),
  );
  return readFileSync(join(folder, name), "utf8");
}

/** Creates an empty workshop. */
export function createMcuWorkshop(): McuWorkshop {
  const scratch = createScratchFolder("mcu");
  const folder = scratch.path;
  const closers: (() => Promise<void>)[] = [];
  let images = 0;
  const build = (target: HostProgram): string =>
    join(
      makeOnce(`mcu-${target}`, (into) => void buildHostProgram(target, into)),
      target,
    );
  return {
    folder,
    build,
    start: async (kind, image, line = "tcp") => {
      const imagePath = typeof image === "string" ? image : join(folder, `image-${images++}`);
      if (typeof image !== "string") writeFileSync(imagePath, createMcuImage(image));
      const program = kind === "host" ? build("firmware-host") : buildCore(kind);
      const board = await startVirtualBoard({ kind, program, imagePath, line, folder });
      closers.push(() => board.stop());
      return { ...board, imagePath };
    },
    listenTo: async (board, options) => {
      const address = parseDeviceAddress(board.address);
      if (!address.ok || address.value.kind === "mqtt") throw new Error(`no address: ${board.address}`);
      const transport = createReconnectingTransport(await createByteTransport(address.value), {
        timers: systemTimers,
        random: createRandom(8),
        backoff: { firstMs: 20, maxMs: 100 },
      });
      const heard = listen(createFramedLink(transport), options);
      closers.push(() => heard.session.close());
      await heard.session.open();
      return heard;
    },
    close: async () => {
      for (const close of closers.reverse()) await close();
      scratch.remove();
    },
  };
}
