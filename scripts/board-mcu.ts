/**
 * `npm run board:mcu -- FOLDER [--board host|m3|m4|m7|rv32imac|rv32imafc] [--id ID] [--bundle DIR]`: builds the firmware for a
 * virtual board and writes the memory image that it runs on, with the device's key beside it; then says how it is started and
 * how a gateway is told of it. Starts nothing. Again into the same folder: the same key, and a board as new.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readPushImage } from "../src/cli/device/find-push-target.ts";
import { releaseKeyFile } from "../src/cli/installation.ts";
import { reportError } from "../src/cli/terminal/end-process.ts";
import type { BearingOrders } from "../src/core/contract/bundle/bearing.ts";
import { idPattern } from "../src/core/contract/topics.ts";
import { readDeviceKey } from "../src/core/serving/device-image.ts";
import { createMcuImage } from "./mcu/mcu-image.ts";
import { recordSteadyMachine, shownRecording } from "./mcu/steady-recording.ts";
import {
  type BoardKind,
  buildBoardProgram,
  emulatorCommand,
  findMissingForBoard,
} from "./mcu/virtual-board.ts";
import { readOneOf, readOptions, refuseWrong } from "./suite-options.ts";

const boards: readonly BoardKind[] = ["host", "m3", "m4", "m7", "rv32imac", "rv32imafc"];
const linePort = 4001;

interface BoardArguments {
  readonly folder: string;
  readonly kind: BoardKind;
  readonly deviceId: string;
  /** Of the bundle whose model is in the first slot. */
  readonly bundle: string | undefined;
}

const { values, positionals } = readOptions({
  command: "npm run board:mcu",
  does: "Builds the firmware for a virtual board and writes the memory image that it runs on; starts nothing.",
  words: { FOLDER: "to write into; must be given" },
  options: {
    board: { type: "string", default: "host", value: "NAME", means: `${boards.join(", ")} (host)` },
    id: { type: "string", default: "bench-1", value: "ID", means: "of the device (bench-1)" },
    bundle: { type: "string", value: "DIR", means: "whose model is in the first slot" },
  },
});
const chosen = refuseWrong((): BoardArguments => {
  const kind = readOneOf("board", values.board, boards);
  const [folder] = positionals;
  if (folder === undefined) throw new Error("no FOLDER is given");
  if (!idPattern.test(values.id)) throw new Error(`--id cannot be "${values.id}"`);
  return { folder, kind, deviceId: values.id, bundle: values.bundle };
});
try {
  const missing = findMissingForBoard(chosen.kind, "tcp");
  if (missing.length > 0) {
    process.stderr.write(`missing: ${missing.join(", ")}\n`);
    process.exitCode = 1;
  } else await makeBoard(chosen);
} catch (error) {
  process.exitCode = reportError(error);
}

async function makeBoard({ folder, kind, deviceId, bundle }: BoardArguments): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const keyPath = join(folder, `${deviceId}.key`);
  if (!existsSync(keyPath)) writeFileSync(keyPath, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600 });
  const key = await readDeviceKey(keyPath);
  const pushed = bundle === undefined ? null : (await readPushImage(bundle, [releaseKeyFile()])).image;
  const { bearing, counts, scale } = recordSteadyMachine(shownRecording);
  const { sampleRateHz, shaftRpm, fault, healthySeconds } = shownRecording;
  const image = createMcuImage({
    deviceId,
    key,
    sampleRateHz,
    shaftRpm,
    counts,
    scale,
    ...(pushed === null ? {} : { model: { image: pushed.bytes, securityCounter: pushed.securityCounter } }),
  });
  const imagePath = join(folder, "board.img");
  writeFileSync(imagePath, image, { mode: 0o600 });
  const program = buildBoardProgram(kind, folder);
  const model = pushed === null ? "no model" : `${pushed.name} ${pushed.version}`;
  process.stdout.write(`${program}: the firmware
${imagePath}: ${deviceId} with ${model}; ${sampleRateHz} samples a second at ${shaftRpm} rpm, after ${healthySeconds} s a fault (${fault})
${keyPath}: its key

Start it:
  ${startCommand(kind, program, imagePath)}
Tell a gateway:
  aurora init ${join(folder, "bench.yaml")} --yes --site bench --turbine T1 --component bearing --device ${deviceId} \\
    --connect tcp://127.0.0.1:${linePort} --channel vibration --bearing ${describeOrders(bearing)} \\
    --broker mqtt://127.0.0.1:1883 --state-dir ${join(folder, "state")} --http-port 9464
`);
}

/** What a shell takes; the board's line is then on TCP, whatever the board. */
function startCommand(kind: BoardKind, program: string, imagePath: string): string {
  if (kind === "host") return `${program} ${imagePath} --tcp ${linePort}`;
  const serial = `tcp:127.0.0.1:${linePort},server=on,wait=off`;
  const [emulator, args] = emulatorCommand({ kind, program, imagePath }, serial);
  return [emulator, ...args].join(" ");
}

function describeOrders({ bpfo, bpfi, bsf, ftf }: BearingOrders): string {
  return `bpfo=${bpfo.toFixed(4)},bpfi=${bpfi.toFixed(4)},bsf=${bsf.toFixed(4)},ftf=${ftf.toFixed(4)}`;
}
