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
 * | VMOV between two registers of each kind | 2 |
 * | MLA, MLS on M3 | 2; UMULL, SMULL 4; UMLAL, SMLAL 5 (1 each on M4) |
 * | UDIV, SDIV | 12, their slowest |
 * | VDIV, VSQRT | 14 |
 * | VMLA and its like | 3 |
 * | other floating point | 1, and 1 more when the next instruction uses the result |
 */
import type { CoreClock } from "./core-clock.ts";
import type { Instruction } from "./program-trace.ts";

/** The clock of a Cortex-M3 or M4. */
export function createM4Clock(core: "m3" | "m4"): CoreClock {
  // What an instruction takes depends on the one before it and on where it goes: reckoned once for each pair.
  const known = new Map<number, number>();
  let before: Instruction | null = null;
  return {
    step: (now, next) => {
      const taken = next !== now.address + now.sizeBytes;
      const key = ((before?.address ?? 0) * 2 ** 24 + now.address) * 2 + (taken ? 1 : 0);
      let cycles = known.get(key);
      if (cycles === undefined) {
        cycles = cyclesOf(now, { before, taken, core });
        if (before !== null && usesFloatResult(before, now)) cycles += 1;
        known.set(key, cycles);
      }
      before = now;
      return cycles;
    },
    restart: () => {
      before = null;
    },
  };
}

/** What an instruction's time depends on besides itself. */
interface Surroundings {
  readonly core: "m3" | "m4";
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
  if (/^vmov$/.test(name) && operands.split(",").length === 4) return 2;
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
