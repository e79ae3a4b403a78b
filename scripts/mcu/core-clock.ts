/** What a core's clock is to those who count by it, and the walk through a trace that drives one. */
import { type Instruction, visitTrace } from "./program-trace.ts";

/** Cycles of a core, one instruction after the other. */
export interface CoreClock {
  /** Cycles that pass with this instruction; `next` is the address of the one that is executed behind it. */
  step(now: Instruction, next: number): number;
  /** Forgets what was executed before: other code has run meanwhile. */
  restart(): void;
}

/** Calls of a function in a trace. */
export interface CallWalk {
  readonly traceFile: string;
  readonly code: ReadonlyMap<number, Instruction>;
  /** Address of the function. */
  readonly from: number;
  /** Before the first instruction of a call. */
  readonly begin: () => void;
  /** Every instruction of a call, callees included, and where it went. */
  readonly visit: (now: Instruction, next: number) => void;
}

/** Walks through every call of a function from its entry to its return. @throws Error at an address without an instruction. */
export function walkCalls({ traceFile, code, from, begin, visit }: CallWalk): void {
  let before: Instruction | null = null;
  /** The address behind the call; null outside of one. */
  let back: number | null = null;
  visitTrace(traceFile, (address) => {
    const now = code.get(address);
    if (now === undefined) throw new Error(`no instruction at ${address.toString(16)}`);
    if (back !== null) {
      visit(before!, address);
      if (address === back) back = null;
    } else if (address === from && before !== null) {
      back = before.address + before.sizeBytes;
      begin();
    }
    before = now;
  });
}
