/**
 * What a program for an emulated core is made of and which instructions of it were executed: disassembly, functions, and
 * QEMU's trace. Counts nothing.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { runTool } from "./toolchain.ts";

/** One instruction of the disassembly. */
export interface Instruction {
  readonly address: number;
  readonly sizeBytes: number;
  readonly name: string;
  readonly operands: string;
}

/** Disassembles a program. */
export function disassemble(program: string): ReadonlyMap<number, Instruction> {
  const found = new Map<number, Instruction>();
  const line = /^\s*([0-9a-f]+):\s+((?:[0-9a-f]{4} ?){1,2})\s*\t(\S+)\s*([^@;]*)/;
  for (const text of runTool("arm-none-eabi-objdump", ["-d", program]).split("\n")) {
    const parts = line.exec(text);
    if (parts === null) continue;
    const address = Number.parseInt(parts[1]!, 16);
    found.set(address, {
      address,
      sizeBytes: parts[2]!.trim().length > 4 ? 4 : 2,
      name: parts[3]!.replace(/\.[nw]$/, ""),
      operands: parts[4]!.trim(),
    });
  }
  return found;
}

/** First address and end of a function. @throws Error when the program has none of this name. */
export function findFunction(program: string, name: string): readonly [number, number] {
  for (const text of runTool("arm-none-eabi-nm", ["-S", program]).split("\n")) {
    const [address, size, , symbol] = text.split(" ");
    if (symbol !== name) continue;
    const from = Number.parseInt(address!, 16) & ~1;
    return [from, from + Number.parseInt(size!, 16)];
  }
  throw new Error(`${program} has no function ${name}`);
}

/**
 * The functions that an address belongs to by the debugging information, innermost first: one inlined into another stands
 * before it.
 */
export function findInlinedFunctions(
  program: string,
  addresses: readonly number[],
): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>();
  for (let from = 0; from < addresses.length; from += 4000) {
    const some = addresses.slice(from, from + 4000).map((address) => `0x${address.toString(16)}`);
    let now: string[] = [];
    // An address, then a name and a place for every function.
    for (const text of runTool("arm-none-eabi-addr2line", ["-e", program, "-f", "-i", "-a", ...some]).split(
      "\n",
    )) {
      if (/^0x[0-9a-f]+$/.test(text)) {
        now = [];
        found.set(Number.parseInt(text, 16), now);
      } else if (/^[A-Za-z_]\w*(\.\w+)*$/.test(text)) now.push(text.replace(/\..*/, ""));
    }
  }
  return found;
}

/**
 * Gives the addresses that QEMU's trace (`-singlestep -d exec,nochain`) names, one an instruction, to `visit`; holds a piece
 * of the file at a time.
 */
export function visitTrace(path: string, visit: (address: number) => void): void {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(1 << 20);
    const line = /^Trace \d+: \S+ \[[0-9a-f]+\/([0-9a-f]+)\//gm;
    let rest = "";
    for (;;) {
      const length = readSync(file, bytes, 0, bytes.length, null);
      const text = rest + bytes.toString("latin1", 0, length);
      const end = length === 0 ? text.length : text.lastIndexOf("\n") + 1;
      for (const [, address] of text.slice(0, end).matchAll(line)) visit(Number.parseInt(address!, 16));
      if (length === 0) return;
      rest = text.slice(end);
    }
  } finally {
    closeSync(file);
  }
}
