/**
 * Cycles of a Cortex-M3/M4 program from the trace of its instructions: a model of zero-wait-state memory with the
 * instruction timings of ARM's technical reference manuals (DDI 0337, DDI 0439). Not a measurement on silicon.
 *
 * | instruction | cycles |
 * |---|---|
 * | arithmetic, logic, moves, multiplication, SIMD | 1 |
 * | load | 2, or 1 right behind another single load or store (pipelined); one that moves its base is neither behind nor before one |
 * | store | 1 with an immediate offset, else 2, or 1 right behind another single load or store |
 * | load or store of n registers (LDM, STM, LDRD, PUSH, POP, VLDM) | 1 + n |
 * | branch | 1 not taken, 3 taken; 4 through a register or into PC (refill of the pipeline) |
 * | MLA, MLS on M3 | 2; UMULL, SMULL 4; UMLAL, SMLAL 5 (1 each on M4) |
 * | UDIV, SDIV | 12, their slowest |
 * | VDIV, VSQRT | 14 |
 * | VMLA and its like | 3 |
 * | other floating point | 1, and 1 more when the next instruction uses the result |
 */
import { readFileSync } from "node:fs";
import { runTool } from "./toolchain.ts";

/** What a stretch of a program took. */
export interface CycleCount {
  readonly instructions: number;
  readonly cycles: number;
}

/** One instruction of the disassembly. */
interface Instruction {
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

/** Addresses that QEMU's trace (`-singlestep -d exec,nochain`) names, one an instruction. */
export function readTrace(path: string): number[] {
  const addresses: number[] = [];
  for (const text of readFileSync(path, "latin1").split("\n")) {
    const parts = /^Trace \d+: \S+ \[[0-9a-f]+\/([0-9a-f]+)\//.exec(text);
    if (parts !== null) addresses.push(Number.parseInt(parts[1]!, 16));
  }
  return addresses;
}

/** What to count. */
export interface CycleQuestion {
  /** Address of a function. */
  readonly from: number;
  /** Whose timings. */
  readonly core: "m3" | "m4";
}

/** Counts from every entry of the function to the instruction behind its return, callees included. */
export function countCycles(
  trace: readonly number[],
  code: ReadonlyMap<number, Instruction>,
  { from, core }: CycleQuestion,
): CycleCount[] {
  const counts: CycleCount[] = [];
  for (let start = 1; start < trace.length; start++) {
    if (trace[start] !== from) continue;
    const call = code.get(trace[start - 1]!)!;
    const back = call.address + call.sizeBytes;
    let end = start;
    let cycles = 0;
    let before: Instruction | null = null;
    for (; end < trace.length && trace[end] !== back; end++) {
      const now = code.get(trace[end]!);
      if (now === undefined) throw new Error(`no instruction at ${trace[end]!.toString(16)}`);
      const next = trace[end + 1];
      const taken = next !== undefined && next !== now.address + now.sizeBytes;
      cycles += cyclesOf(now, { before, taken, core });
      if (before !== null && usesFloatResult(before, now)) cycles += 1;
      before = now;
    }
    counts.push({ instructions: end - start, cycles });
    start = end;
  }
  return counts;
}

/** What an instruction's time depends on besides itself. */
interface Surroundings extends Pick<CycleQuestion, "core"> {
  readonly before: Instruction | null;
  /** The next instruction is not the one behind it. */
  readonly taken: boolean;
}

function cyclesOf(now: Instruction, { before, taken, core }: Surroundings): number {
  const { name, operands } = now;
  if (/^(ldm|stm|push|pop|vldm|vstm|vpush|vpop)/.test(name)) {
    return 1 + countRegisters(operands) + (taken ? 3 : 0);
  }
  if (/^(ldrd|strd)/.test(name)) return 3;
  if (/^(ldr|vldr)/.test(name)) return (isSingleAccess(before) && !movesBase(now) ? 1 : 2) + (taken ? 3 : 0);
  if (/^(str|vstr)/.test(name))
    return isSingleAccess(before) || /\[[^,\]]+(, #[^\]]+)?\]/.test(operands) ? 1 : 2;
  if (/^(bx|blx)/.test(name) || (taken && /^(mov|add|tb[bh])/.test(name))) return 4;
  if (/^(b|cb)/.test(name) && !/^(bic|bfi|bfc|bkpt)/.test(name)) return taken ? 3 : 1;
  if (/^[us]div/.test(name)) return 12;
  if (/^v(div|sqrt)/.test(name)) return 14;
  if (/^vn?ml[as]/.test(name) || /^vfn?m[as]/.test(name)) return 3;
  if (core === "m3") {
    if (/^[us]mlal/.test(name)) return 5;
    if (/^[us]mull/.test(name)) return 4;
    if (/^ml[as]/.test(name)) return 2;
  }
  return 1;
}

function isSingleAccess(instruction: Instruction | null): boolean {
  return instruction !== null && /^v?(ldr|str)(?!d)/.test(instruction.name) && !movesBase(instruction);
}

function movesBase({ operands }: Instruction): boolean {
  return /(\]!|\], )/.test(operands);
}

function countRegisters(operands: string): number {
  let count = 0;
  for (const part of /\{([^}]*)\}/.exec(operands)?.[1]?.split(",") ?? []) {
    const [first, last] = part.trim().split("-");
    count += last === undefined ? 1 : numberOf(last) - numberOf(first!) + 1;
  }
  return count;
}

function numberOf(register: string): number {
  const special: Readonly<Record<string, number>> = { sl: 10, fp: 11, ip: 12, sp: 13, lr: 14, pc: 15 };
  return special[register] ?? Number.parseInt(register.slice(1), 10);
}

function usesFloatResult(before: Instruction, now: Instruction): boolean {
  if (!/^v(add|sub|mul|nmul|ml|cvt|abs|neg|div|sqrt)/.test(before.name)) return false;
  const result = /^s\d+/.exec(before.operands)?.[0];
  return (
    result !== undefined && new RegExp(`\\b${result}\\b`).test(now.operands.replace(/^s\d+, (?=.*,)/, ""))
  );
}
