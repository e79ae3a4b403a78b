/**
 * Cycles of a Cortex-M7 program from the trace of its instructions. ARM publishes no timings of this core: the model keeps to
 * what others have measured on silicon (quinapalus.com/cm7cycles.html; jnk0le/random, "pipeline cycle test"), and is
 * simpler than the core is. Code and data in zero-wait-state memory (TCM or caches that hold them). Not a measurement.
 *
 * | rule | cycles |
 * |---|---|
 * | two instructions a cycle, in sequence, when the second needs nothing of the first | |
 * | of these at most one of float arithmetic, one multiplication, one that moves bit fields, one store, one branch | |
 * | two loads only at one base with distances that differ in an odd number of words | |
 * | several registers (LDM, STM, LDRD, PUSH, POP, VLDM), VMOV of two | alone, half a cycle a register, rounded up |
 * | result of integer arithmetic, of a load | the next cycle; as an address, of a load, one later |
 * | result of a multiplication | 2 |
 * | result of float arithmetic, of VMOV into a float register | 3; to a store 1 |
 * | VDIV, VSQRT | 16, 14, and nothing beside them |
 * | branch | ends its cycle when taken; 8 more when it went the other way by a two-bit counter, or elsewhere than the last time |
 */
import type { CoreClock } from "./core-clock.ts";
import { decodeForM7, type M7Instruction, registerCount } from "./m7-instruction.ts";

const wrongBranchCycles = 8;

/** What was issued in the running cycle. */
interface IssueGroup {
  issued: number;
  units: number;
  firstLoad: M7Instruction | null;
  closed: boolean;
}

/** The clock of a Cortex-M7. */
export function createM7Clock(): CoreClock {
  const known = new Map<number, M7Instruction>();
  const branches = createBranchPredictor();
  const ready = new Float64Array(registerCount);
  const readyToStore = new Float64Array(registerCount);
  const readyAsAddress = new Float64Array(registerCount);
  const group: IssueGroup = { issued: 0, units: 0, firstLoad: null, closed: false };
  let cycle = 0;

  function open(at: number): void {
    cycle = at;
    group.issued = 0;
    group.units = 0;
    group.firstLoad = null;
    group.closed = false;
  }
  return {
    step: (instruction, next) => {
      let now = known.get(instruction.address);
      if (now === undefined) {
        now = decodeForM7(instruction);
        known.set(instruction.address, now);
      }
      const before = cycle;
      let earliest = cycle;
      for (const register of now.sources) earliest = Math.max(earliest, ready[register]!);
      for (const register of now.stored) earliest = Math.max(earliest, readyToStore[register]!);
      for (const register of now.addresses) earliest = Math.max(earliest, readyAsAddress[register]!);
      if (earliest > cycle) open(earliest);
      else if (!fits(group, now)) open(cycle + 1);
      group.issued++;
      group.units |= now.units;
      if (now.loads) group.firstLoad ??= now;
      for (const register of now.results) {
        ready[register] = cycle + now.latency;
        readyToStore[register] = cycle + Math.min(now.latency, 1);
        readyAsAddress[register] = cycle + now.latency + (now.loads ? 1 : 0);
      }
      if (now.movedBase !== null) {
        ready[now.movedBase] = cycle + 1;
        readyAsAddress[now.movedBase] = cycle + 1;
      }
      if (now.alone) {
        cycle += now.cycles - 1;
        group.closed = true;
      }
      if (now.branches) {
        const taken = next !== instruction.address + instruction.sizeBytes;
        if (!branches.foresees(now, instruction.address, taken ? next : null)) cycle += wrongBranchCycles;
        if (taken) group.closed = true;
      }
      return cycle - before;
    },
    restart: () => open(cycle + 1),
  };
}

function fits(group: IssueGroup, now: M7Instruction): boolean {
  if (group.issued === 0) return true;
  if (group.closed || group.issued === 2 || now.alone) return false;
  if ((group.units & now.units) !== 0) return false;
  return !now.loads || group.firstLoad === null || inOtherBanks(group.firstLoad, now);
}

function inOtherBanks(one: M7Instruction, other: M7Instruction): boolean {
  if (one.addresses.length !== 1 || one.addresses[0] !== other.addresses[0]) return false;
  return one.distance !== null && other.distance !== null && ((one.distance ^ other.distance) & 4) !== 0;
}

/** By a counter of two bits for what may not be taken, by the last target for a branch through a register; returns are known. */
function createBranchPredictor(): {
  foresees(branch: M7Instruction, address: number, target: number | null): boolean;
} {
  const counters = new Map<number, number>();
  const targets = new Map<number, number>();
  return {
    foresees: (branch, address, target) => {
      if (branch.returns) return true;
      if (branch.indirect) {
        const right = targets.get(address) === target;
        targets.set(address, target!);
        return right;
      }
      if (!branch.conditional) return true;
      const counter = counters.get(address) ?? 2;
      counters.set(address, target === null ? Math.max(counter - 1, 0) : Math.min(counter + 1, 3));
      return counter >= 2 === (target !== null);
    },
  };
}
