/**
 * Blocks of samples from one thread to another through memory that both see: one writes, one reads, in order, nothing is copied
 * twice and nothing allocated a block. Between the blocks stand messages of any shape, in the same order. Holds a bounded
 * number of bytes; what does not fit is refused, and the writer says what is then done.
 *
 *   header  | written | read | asleep | pressed | calls |    bytes since the beginning, modulo 2^32; two flags; a count; 64 bytes each
 *   record  | kind | bytes | body … |                a multiple of 8 bytes, never across the end
 *   block   | time | first | rate | scale | rpm | arrived | refused | 7 numbers of 8 bytes
 *           | stream | samples | counts … |
 */
import { deserialize, serialize } from "node:v8";
import { createReusedBlock, type Reused, type SampleBlock } from "../../core/contract/stream.ts";
import { createCountsReader } from "./counts-reader.ts";

/** Who sends blocks: told once, then called by its number. */
export type BlockStream = Pick<SampleBlock, "deviceId" | "channel" | "unit">;

/** What both threads need to find each other: shared memory. */
export interface RingMemory {
  readonly header: SharedArrayBuffer;
  readonly records: SharedArrayBuffer;
}

/** The side that writes. */
export interface RingWriter {
  /** `number` and `refused` samples, which found no room before it, are its stream's. False: there is no room. */
  writeBlock(stream: { readonly number: number; readonly refused: number }, block: SampleBlock): boolean;
  /** A message of plain data; false: there is no room. */
  writeMessage(message: unknown): boolean;
  /** Bytes that are not read yet. */
  readonly usedBytes: number;
  /** Are at least so many not read yet? Looks at the reader only where it may be so. */
  holds(bytes: number): boolean;
  /** Asks the reader to tell when no more than its low mark waits. */
  press(): void;
  /** Bytes that were read since the beginning; moves while the reader lives. */
  readonly readBytes: number;
  /** Bytes that were written since the beginning, modulo 2^32. */
  readonly writtenBytes: number;
  /**
   * When there is no reader: takes out all that it left, the record that it was at included, but for what it has told that it took,
   * bytes since the beginning. Begins anew.
   */
  drain(take: RecordTaker, takenBytes: number): void;
}

/** What is read, in its order. */
interface RecordTaker {
  /**
   * Valid only during the call, and without the names of the stream: these are the taker's to fill in. So many samples were `refused`
   * between it and the stream's block before.
   */
  block(stream: number, block: Reused<SampleBlock>, refused: number): void;
  message(message: unknown): void;
}

/** The side that reads. */
interface RingReader {
  /** Takes one record; false: there is none. */
  read(take: RecordTaker): boolean;
  /** What was taken until now is done with: its room is free, and it is no longer left if this thread ends. */
  settle(): void;
  /** Bytes that were taken since. */
  readonly unsettledBytes: number;
  /** Bytes that were taken since the beginning, modulo 2^32, whether they are done with or not. */
  readonly takenBytes: number;
  /** Was the writer waiting to be told, and is there room now? Answers yes once. */
  isRelieved(): boolean;
  /** Blocks the thread until something is written. */
  wait(): void;
}

/** Each by itself: a line of a cache that two threads write to goes from one to the other each time. */
const lineBytes = 64;
const written = 0;
const read = 16;
const asleep = 32;
const pressed = 48;
const calls = 64;

const kinds = { filler: 0, block: 1, message: 2 } as const;
const recordHeadBytes = 8;
const numbersOfBlock = 7;
const blockHeadBytes = recordHeadBytes + numbersOfBlock * 8 + 8;

/** Memory for `bytes` of records, a power of two from 2^12 to 2^30. */
export function createRingMemory(bytes: number): RingMemory {
  return { header: new SharedArrayBuffer(5 * lineBytes), records: new SharedArrayBuffer(bytes) };
}

const alignUp = (bytes: number): number => (bytes + 7) & ~7;

/** The reader is told of so much at once, and woken if it sleeps: each time takes both threads more time than a block of samples. */
const worthTelling = 1 << 15;

/** The one writer of a memory. What little it writes in one turn of the event loop the reader is told at its end. */
export function createRingWriter(memory: RingMemory): RingWriter {
  const header = new Int32Array(memory.header);
  const capacity = memory.records.byteLength;
  const words = new Int32Array(memory.records);
  const numbers = new Float64Array(memory.records);
  const samples = new Int16Array(memory.records);
  const bytes = new Uint8Array(memory.records);
  let writtenBytes = 0;
  /** As far as the reader was told. */
  let toldBytes = 0;
  /** As far as the reader was known to be when that mattered last. */
  let readBytes = 0;
  let isTellingSoon = false;

  const lookUsed = (): number => {
    readBytes = Atomics.load(header, read);
    return (writtenBytes - readBytes) >>> 0;
  };

  /** Where a record of so many bytes is to stand, or −1. Fills what is left before the end, if it does not fit there. */
  function reserve(length: number): number {
    const at = (writtenBytes >>> 0) & (capacity - 1);
    const tail = capacity - at;
    const needed = length <= tail ? length : tail + length;
    if (needed > capacity - ((writtenBytes - readBytes) >>> 0) && needed > capacity - lookUsed()) return -1;
    if (length <= tail) return at;
    words[at >> 2] = kinds.filler;
    words[(at >> 2) + 1] = tail;
    writtenBytes = (writtenBytes + tail) | 0;
    return 0;
  }
  function commit(length: number): void {
    writtenBytes = (writtenBytes + length) | 0;
    if ((writtenBytes - toldBytes) >>> 0 >= worthTelling) tell();
    else if (!isTellingSoon) {
      isTellingSoon = true;
      setImmediate(tellAtLast);
    }
  }
  function tellAtLast(): void {
    isTellingSoon = false;
    tell();
  }
  function tell(): void {
    toldBytes = writtenBytes;
    Atomics.store(header, written, writtenBytes);
    if (Atomics.load(header, asleep) === 0) return;
    Atomics.add(header, calls, 1);
    Atomics.notify(header, calls);
  }

  return {
    writeBlock: (stream, block) => {
      const { counts } = block;
      const length = alignUp(blockHeadBytes + counts.byteLength);
      const at = reserve(length);
      if (at < 0) return false;
      const word = at >> 2;
      words[word] = kinds.block;
      words[word + 1] = length;
      const number = (at >> 3) + 1;
      numbers[number] = block.timestampMs;
      numbers[number + 1] = block.firstSample;
      numbers[number + 2] = block.sampleRateHz;
      numbers[number + 3] = block.scale;
      numbers[number + 4] = block.shaftRpm;
      numbers[number + 5] = block.arrivedMonotonicMs;
      numbers[number + 6] = stream.refused;
      words[word + 16] = stream.number;
      words[word + 17] = counts.length;
      samples.set(counts, (at + blockHeadBytes) >> 1);
      commit(length);
      return true;
    },
    writeMessage: (message) => {
      const body = serialize(message);
      const length = alignUp(recordHeadBytes + 4 + body.length);
      const at = reserve(length);
      if (at < 0) return false;
      words[at >> 2] = kinds.message;
      words[(at >> 2) + 1] = length;
      words[(at >> 2) + 2] = body.length;
      bytes.set(body, at + recordHeadBytes + 4);
      commit(length);
      return true;
    },
    get usedBytes() {
      return lookUsed();
    },
    holds: (wanted) => (writtenBytes - readBytes) >>> 0 >= wanted && lookUsed() >= wanted,
    press: () => {
      Atomics.store(header, pressed, 1);
      tell();
    },
    get readBytes() {
      return Atomics.load(header, read) >>> 0;
    },
    get writtenBytes() {
      return writtenBytes >>> 0;
    },
    drain: (take, takenBytes) => {
      Atomics.store(header, written, writtenBytes);
      // It tells first and then frees the room: the difference of two counts that wrap around, by its sign.
      if (((takenBytes - Atomics.load(header, read)) | 0) > 0) Atomics.store(header, read, takenBytes);
      const reader = createRingReader(memory, 0);
      while (reader.read(take)) {}
      header.fill(0);
      writtenBytes = 0;
      toldBytes = 0;
      readBytes = 0;
    },
  };
}

/** The one reader of a memory; `lowBytes` is where whoever pressed is told. */
export function createRingReader(memory: RingMemory, lowBytes: number): RingReader {
  const header = new Int32Array(memory.header);
  const mask = memory.records.byteLength - 1;
  const words = new Int32Array(memory.records);
  const numbers = new Float64Array(memory.records);
  const bytes = new Uint8Array(memory.records);
  const readCounts = createCountsReader(memory.records);
  const block = createReusedBlock();

  const usedBytes = (): number => (Atomics.load(header, written) - Atomics.load(header, read)) >>> 0;
  let taken = Atomics.load(header, read);
  let settled = taken;
  /** As far as the writer was known to be when all before it was taken. */
  let seen = taken;

  function takeRecord(at: number, take: RecordTaker): void {
    const word = at >> 2;
    switch (words[word]) {
      case kinds.block: {
        const number = (at >> 3) + 1;
        block.timestampMs = numbers[number]!;
        block.firstSample = numbers[number + 1]!;
        block.sampleRateHz = numbers[number + 2]!;
        block.scale = numbers[number + 3]!;
        block.shaftRpm = numbers[number + 4]!;
        block.arrivedMonotonicMs = numbers[number + 5]!;
        block.counts = readCounts(at + blockHeadBytes, words[word + 17]!);
        take.block(words[word + 16]!, block, numbers[number + 6]!);
        return;
      }
      case kinds.message: {
        const from = at + recordHeadBytes + 4;
        // A copy: what is read out of shared memory may be changed while it is read.
        take.message(deserialize(bytes.slice(from, from + words[word + 2]!)));
        return;
      }
      default:
    }
  }

  return {
    read: (take) => {
      if (taken === seen) {
        seen = Atomics.load(header, written);
        if (taken === seen) return false;
      }
      const at = (taken >>> 0) & mask;
      const length = words[(at >> 2) + 1]!;
      takeRecord(at, take);
      taken = (taken + length) | 0;
      return true;
    },
    settle: () => {
      settled = taken;
      Atomics.store(header, read, taken);
    },
    get unsettledBytes() {
      return (taken - settled) >>> 0;
    },
    get takenBytes() {
      return taken >>> 0;
    },
    isRelieved: () => {
      if (Atomics.load(header, pressed) === 0 || usedBytes() > lowBytes) return false;
      Atomics.store(header, pressed, 0);
      return true;
    },
    wait: () => {
      const seen = Atomics.load(header, calls);
      // First this flag, then a look: whoever writes after the look sees the flag.
      Atomics.store(header, asleep, 1);
      if (usedBytes() === 0 && Atomics.load(header, pressed) === 0) Atomics.wait(header, calls, seen);
      Atomics.store(header, asleep, 0);
    },
  };
}
