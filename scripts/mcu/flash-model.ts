/**
 * What wait states of the flash add to a Cortex-M4's cycles: a model of the fetching of instructions and of the constants
 * among them (PC-relative loads), which the core's own prefetch of three words does not hide here. Lines of 128 bits, as of
 * many parts. Data lies in RAM: that the model's file is read from flash too is not counted. Not a measurement.
 *
 * | flash | what a line costs |
 * |---|---|
 * | plain | the line that was read last is held; another one waits its wait states, whether it follows or not |
 * | accelerated | 64 lines are held (1 kB), the longest unused goes; the line behind the one at hand is read ahead, and what of its wait states has not passed meanwhile is waited for; constants have 8 lines of their own |
 */
import type { Instruction } from "./program-trace.ts";

/** Wait states that are stated. */
export const waitStates: readonly number[] = [1, 2, 4];

/** How the flash is read. */
export type FlashKind = "plain" | "accelerated";

/** Adds up what is waited. */
export interface FlashModel {
  /** An instruction that took so many cycles besides. */
  fetch(now: Instruction, cycles: number): void;
  /** Cycles waited so far, one number for each of {@link waitStates}. */
  readonly waited: readonly number[];
}

const lineBytes = 16;
const instructionLines = 64;
const constantLines = 8;

/** Creates one with nothing read. */
export function createFlashModel(kind: FlashKind): FlashModel {
  const waited = waitStates.map(() => 0);
  /** Cycles since the line at hand was entered, by wait states. */
  const since = waitStates.map(() => 0);
  const held = createLines(kind === "plain" ? 1 : instructionLines);
  const constants = kind === "plain" ? held : createLines(constantLines);
  let line = -1;

  function wait(states: number, index: number): void {
    waited[index]! += states;
    since[index]! += states;
  }
  function enter(next: number): void {
    const isKnown = held.take(next);
    const isAhead = kind === "accelerated" && next === line + 1;
    for (const [index, states] of waitStates.entries()) {
      if (!isKnown) wait(isAhead ? Math.max(states - since[index]!, 0) : states, index);
      since[index] = 0;
    }
    line = next;
  }
  return {
    fetch: (now, cycles) => {
      const first = Math.floor(now.address / lineBytes);
      const last = Math.floor((now.address + now.sizeBytes - 1) / lineBytes);
      if (first !== line) enter(first);
      if (last !== line) enter(last);
      const constant = constantOf(now);
      if (constant !== null && !constants.take(Math.floor(constant / lineBytes))) {
        for (const [index, states] of waitStates.entries()) wait(states, index);
      }
      // A plain flash has one line: the constant has pushed the instructions out.
      if (constant !== null && kind === "plain") line = Math.floor(constant / lineBytes);
      for (const index of since.keys()) since[index]! += cycles;
    },
    waited,
  };
}

/** The address that a PC-relative load reads, or null. */
function constantOf({ name, operands, address }: Instruction): number | null {
  if (!/^v?ldr/.test(name)) return null;
  const distance = /\[pc, #(-?\d+)\]/.exec(operands)?.[1];
  return distance === undefined ? null : ((address + 4) & ~3) + Number(distance);
}

/** Lines that are held; the longest unused goes. */
function createLines(most: number): { take(line: number): boolean } {
  // A Map keeps the sequence in which lines were put in.
  const lines = new Map<number, true>();
  return {
    take: (line) => {
      const isHeld = lines.delete(line);
      lines.set(line, true);
      if (lines.size > most) lines.delete(lines.keys().next().value!);
      return isHeld;
    },
  };
}
