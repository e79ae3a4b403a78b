/** Reads an instruction of the disassembly as the model of the Cortex-M7 needs it: what it takes, gives and occupies. */
import type { Instruction } from "./program-trace.ts";

/** An instruction for the pipeline. Registers by number: 0 to 15 integers, then 32 of float32, then the float unit's flags. */
export interface M7Instruction {
  readonly sources: readonly number[];
  /** Registers that are stored: needed later than others. */
  readonly stored: readonly number[];
  /** Registers of an address: needed sooner than others. */
  readonly addresses: readonly number[];
  /** Distance from the base, bytes; null when it is no constant. */
  readonly distance: number | null;
  readonly results: readonly number[];
  /** Cycles until another may use a result. */
  readonly latency: number;
  /** Base register that the access moves, or null. */
  readonly movedBase: number | null;
  /** Bits of {@link unit}: two of one unit do not go together. */
  readonly units: number;
  readonly loads: boolean;
  /** Issued beside nothing else, for so many cycles. */
  readonly alone: boolean;
  readonly cycles: number;
  readonly branches: boolean;
  readonly conditional: boolean;
  readonly indirect: boolean;
  readonly returns: boolean;
}

const unit = { float: 1, multiplier: 2, bitField: 4, store: 8, branch: 16 } as const;
const firstFloat = 16;
const floatFlags = 48;
/** How many registers there are. */
export const registerCount = 49;

const nothing: M7Instruction = {
  sources: [],
  stored: [],
  addresses: [],
  distance: null,
  results: [],
  latency: 1,
  movedBase: null,
  units: 0,
  loads: false,
  alone: false,
  cycles: 1,
  branches: false,
  conditional: false,
  indirect: false,
  returns: false,
};

/** Decodes one. */
export function decodeForM7({ name, operands }: Instruction): M7Instruction {
  if (/^v?(ldm|stm|push|pop)/.test(name)) return decodeMultiple(name, operands);
  if (/^v?(ldr|str)/.test(name)) return decodeAccess(name, operands);
  if (/^(b|cb|tb)/.test(name) && !/^(bic|bfi|bfc|bkpt)/.test(name)) return decodeBranch(name, operands);
  const [first = [], ...rest] = operands.split(",").map(registersOf);
  const others = rest.flat();
  if (first[0] === 15)
    return { ...nothing, sources: others, units: unit.branch, branches: true, indirect: true };
  if (/^vmrs/.test(name)) return { ...nothing, sources: [floatFlags] };
  if (/^v(cmp|cmpe)\b/.test(name)) {
    return {
      ...nothing,
      sources: first.concat(others),
      results: [floatFlags],
      latency: 3,
      units: unit.float,
    };
  }
  if (/^v(div|sqrt)/.test(name)) {
    return {
      ...nothing,
      sources: others,
      results: first,
      alone: true,
      cycles: name.startsWith("vdiv") ? 16 : 14,
    };
  }
  if (/^vmov/.test(name)) return decodeFloatMove(operands, first, others);
  if (/^v/.test(name)) {
    const adds = /^vf?n?m[la]/.test(name);
    return {
      ...nothing,
      sources: adds ? first.concat(others) : others,
      results: first,
      latency: adds ? 6 : 3,
      units: unit.float,
    };
  }
  if (/^(cmp|cmn|tst|teq)/.test(name)) return { ...nothing, sources: first.concat(others) };
  if (/^(mul|ml[as]|[us]mul|[us]ml[as]|smm)/.test(name)) {
    const long = /^[us]m(ull|lal)/.test(name);
    return {
      ...nothing,
      sources: others.concat(/lal/.test(name) ? first : []),
      results: long ? first.concat(rest[0] ?? []) : first,
      latency: 2,
      units: unit.multiplier,
    };
  }
  if (/^[us]div/.test(name)) return { ...nothing, sources: others, results: first, alone: true, cycles: 12 };
  const reads = rest.length < 2 && !/^(mov|mvn|adr)/.test(name);
  const moves = /^([us]xt|[us]bf|bf|pkh|rev|rbit|clz|[us]sat|q)/.test(name);
  return {
    ...nothing,
    sources: reads ? others.concat(first) : others,
    results: first,
    units: moves ? unit.bitField : 0,
  };
}

function decodeMultiple(name: string, operands: string): M7Instruction {
  const list = registersOf(/\{.*\}/.exec(operands)?.[0] ?? "");
  const base = /^v?(push|pop)/.test(name) ? [13] : registersOf(operands.split(",")[0]!);
  const loads = /^v?(ldm|pop)/.test(name);
  return {
    ...nothing,
    addresses: base,
    stored: loads ? [] : list,
    results: loads ? list : [],
    movedBase: /push|pop/.test(name) || operands.includes("!") ? base[0]! : null,
    loads,
    alone: true,
    cycles: Math.ceil(list.length / 2),
    branches: list.includes(15) && loads,
    returns: list.includes(15) && loads,
  };
}

function decodeAccess(name: string, operands: string): M7Instruction {
  const [data, address] = operands.split(/,\s*(?=\[)/);
  const registers = registersOf(data!);
  const inside = /\[([^\]]*)\]/.exec(address ?? "")?.[1] ?? "";
  const addresses = registersOf(inside);
  const constant = /^\w+(?:, #(-?\d+))?$/.exec(inside);
  const isDouble = /^(ldrd|strd)/.test(name) || registers.length > 1;
  const loads = /^v?ldr/.test(name);
  return {
    ...nothing,
    addresses,
    distance: constant === null ? null : Number(constant[1] ?? 0),
    stored: loads ? [] : registers,
    results: loads ? registers : [],
    // Bytes and halves take a cycle more.
    latency: /^ldrs?[bh]/.test(name) ? 2 : 1,
    movedBase: /(\]!|\], #)/.test(operands) ? addresses[0]! : null,
    units: loads ? 0 : unit.store,
    loads,
    alone: isDouble,
    branches: loads && registers.includes(15),
    returns: loads && registers.includes(15) && addresses[0] === 13,
    indirect: loads && registers.includes(15) && addresses[0] !== 13,
  };
}

function decodeBranch(name: string, operands: string): M7Instruction {
  const registers = /^(bx|blx|cb|tb)/.test(name)
    ? registersOf(operands.split(",").slice(0, 2).join(","))
    : [];
  const indirect = /^(bx|blx|tb)/.test(name);
  return {
    ...nothing,
    sources: registers,
    units: unit.branch,
    branches: true,
    conditional: /^cb/.test(name) || /^b(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)$/.test(name),
    indirect: indirect && registers[0] !== 14,
    returns: indirect && registers[0] === 14,
  };
}

function decodeFloatMove(
  operands: string,
  first: readonly number[],
  others: readonly number[],
): M7Instruction {
  const isFloat = (register: number): boolean => register >= firstFloat;
  if (operands.split(",").length === 4) {
    const all = first.concat(others);
    return {
      ...nothing,
      sources: all.slice(2),
      results: all.slice(0, 2),
      latency: isFloat(all[0]!) ? 3 : 1,
      alone: true,
    };
  }
  return { ...nothing, sources: others, results: first, latency: first.some(isFloat) ? 3 : 1 };
}

/** Registers that a text names, ranges included. */
function registersOf(text: string): number[] {
  const found: number[] = [];
  for (const [, first, last] of text.matchAll(
    /\b([rsd]\d+|sp|lr|pc|ip|fp|sl)(?:-([rsd]\d+|sp|lr|pc|ip|fp|sl))?\b/g,
  )) {
    for (let at = numberOf(first!); at <= numberOf(last ?? first!); at += first!.startsWith("d") ? 2 : 1) {
      found.push(at);
      if (/^d/.test(first!)) found.push(at + 1);
    }
  }
  return found;
}

function numberOf(register: string): number {
  const special: Readonly<Record<string, number>> = { sl: 10, fp: 11, ip: 12, sp: 13, lr: 14, pc: 15 };
  const number = Number.parseInt(register.slice(1), 10);
  if (/^s\d/.test(register)) return firstFloat + number;
  return special[register] ?? (register.startsWith("d") ? firstFloat + 2 * number : number);
}
