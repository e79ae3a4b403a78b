/**
 * Runs the firmware on a virtual board: the host build, or QEMU's board with a Cortex-M3, M4 or M7 or a RISC-V core. All
 * play the same memory image, which outlives them: a board that is started again on it finds its flash as it left it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import { findFreePort } from "../../test/support/free-port.ts";
import { buildCoreFirmware, buildHostProgram } from "./build-firmware.ts";
import { mcuImageBytes } from "./mcu-image.ts";
import {
  buildRiscvFirmware,
  isRiscvCore,
  type RiscvCore,
  riscvArguments,
  riscvCompiler,
  riscvEmulator,
} from "./riscv-board.ts";
import { type CoreName, cores, hasProgram, hostCompiler } from "./toolchain.ts";

/** `host`: this machine; otherwise a core in QEMU. */
export type BoardKind = "host" | Exclude<CoreName, "m0"> | RiscvCore;

/** How a board is started. */
export interface VirtualBoardOptions {
  readonly kind: BoardKind;
  /** The program of {@link buildBoardProgram}. */
  readonly program: string;
  /** A file with a memory image. */
  readonly imagePath: string;
  /** `serial` is a pseudo terminal; under QEMU it needs socat. */
  readonly line: "tcp" | "serial";
  /** For sockets and terminals. */
  readonly folder: string;
}

/** A board that runs. */
export interface VirtualBoard {
  /** As the gateway's configuration takes it: `tcp://127.0.0.1:port`, or the path of a terminal. */
  readonly address: string;
  /** Resolves when the board has ended by itself, with its exit status; 3 after a power cut that the image asked for. */
  readonly ended: Promise<number | null>;
  /** Takes the power away, if it is still there. */
  stop(): Promise<void>;
}

/** Programs and packages without which boards of this kind cannot be built or run. */
export function findMissingForBoard(kind: BoardKind, line: "tcp" | "serial"): readonly string[] {
  if (kind === "host") return hasProgram(hostCompiler()) ? [] : ["a C compiler"];
  const tools = isRiscvCore(kind) ? [riscvCompiler, riscvEmulator] : ["arm-none-eabi-gcc", "qemu-system-arm"];
  const needed = line === "serial" ? tools.concat("socat") : tools;
  const packages: Readonly<Record<string, string>> = {
    "arm-none-eabi-gcc": "gcc-arm-none-eabi",
    [riscvCompiler]: "gcc-riscv64-unknown-elf",
    [riscvEmulator]: "qemu-system-misc",
  };
  return needed.filter((program) => !canRun(program)).map((program) => packages[program] ?? program);
}

function canRun(program: string): boolean {
  return (process.env.PATH ?? "").split(":").some((folder) => existsSync(join(folder, program)));
}

/** Builds what boards of this kind run into `folder`; returns its path. @throws Error with the compiler's output. */
export function buildBoardProgram(kind: BoardKind, folder: string): string {
  if (kind === "host") return buildHostProgram("firmware-host", folder);
  return isRiscvCore(kind) ? buildRiscvFirmware(kind, folder) : buildCoreFirmware(kind, folder);
}

let boards = 0;

/** Starts a board; resolves when it can be connected to. @throws Error when it ends before. */
export async function startVirtualBoard(options: VirtualBoardOptions): Promise<VirtualBoard> {
  return options.kind === "host" ? startHost(options) : startQemu(options);
}

async function startHost({ program, imagePath, line }: VirtualBoardOptions): Promise<VirtualBoard> {
  const args = line === "tcp" ? ["--tcp", "0"] : ["--pty"];
  const child = endWithProcess(
    spawn(program, [imagePath, ...args], { stdio: ["ignore", "pipe", "inherit"] }),
  );
  const ended = endOf(child);
  const output = once(child.stdout, "data").then(
    ([text]) => (text as Buffer).toString().trim().split(" ")[1]!,
  );
  const place = await Promise.race([output, ended.then((status) => failToStart(program, status))]);
  return {
    address: line === "tcp" ? `tcp://127.0.0.1:${place}` : place,
    ended,
    stop: () => kill(child, ended),
  };
}

async function startQemu(options: VirtualBoardOptions): Promise<VirtualBoard> {
  const { program, line, folder } = options;
  const number = boards++;
  const socket = join(folder, `uart-${process.pid}-${number}`);
  const port = line === "tcp" ? await findFreePort() : 0;
  const serial =
    line === "tcp" ? `tcp:127.0.0.1:${port},server=on,wait=off` : `unix:${socket},server=on,wait=off`;
  const [emulator, args] = emulatorCommand(options, serial);
  const child = endWithProcess(spawn(emulator, args, { stdio: ["ignore", "ignore", "inherit"] }));
  const ended = endOf(child);
  if (line === "tcp") {
    await Promise.race([waitForPort(), ended.then((status) => failToStart(program, status))]);
    return { address: `tcp://127.0.0.1:${port}`, ended, stop: () => kill(child, ended) };
  }
  await Promise.race([waitForPath(socket), ended.then((status) => failToStart(program, status))]);
  const terminal = join(folder, `tty-${process.pid}-${number}`);
  // The emulator's socket is there a moment before it listens.
  const socat = endWithProcess(
    spawn("socat", [`PTY,link=${terminal},raw,echo=0`, `UNIX-CONNECT:${socket},retry=50,interval=0.1`], {
      stdio: ["ignore", "ignore", "inherit"],
    }),
  );
  const bridgeEnded = endOf(socat);
  await Promise.race([waitForPath(terminal), bridgeEnded.then((status) => failToStart("socat", status))]);
  return {
    address: terminal,
    ended,
    stop: async () => {
      // Before the terminal: its number may be given to another one at once, and the name would lead there.
      rmSync(terminal, { force: true });
      await kill(child, ended);
      await kill(socat, bridgeEnded);
    },
  };
}

/** Emulator and arguments of a board other than `host`, with its line at QEMU's character device `serial`. */
export function emulatorCommand(
  { kind, program, imagePath }: Pick<VirtualBoardOptions, "kind" | "program" | "imagePath">,
  serial: string,
): [string, readonly string[]] {
  if (isRiscvCore(kind)) return [riscvEmulator, riscvArguments(program, imagePath, serial)];
  const args = [
    "-M",
    `${cores[kind as CoreName].board},memory-backend=psram`,
    "-kernel",
    program,
    "-serial",
    serial,
    "-object",
    `memory-backend-file,id=psram,size=${mcuImageBytes},mem-path=${imagePath},share=on`,
    "-display",
    "none",
    "-monitor",
    "none",
    "-semihosting-config",
    "enable=on,target=native",
  ];
  return ["qemu-system-arm", args];
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once("exit", (status) => resolve(status));
    child.once("error", reject);
  });
}

function failToStart(program: string, status: number | null): never {
  throw new Error(`${program} ended with ${String(status)} before it could be reached`);
}

async function kill(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await ended;
}

/** QEMU listens before the first instruction; whoever connects keeps trying anyhow. */
async function waitForPort(): Promise<void> {
  await delay(100);
}

async function waitForPath(path: string): Promise<void> {
  while (!existsSync(path)) await delay(5);
}
