/** What a thread of points that ended has left: what it was given and has not told, which the next one is not to find. */
import type { RingWriter } from "./block-ring.ts";
import type { ChainBatch, ChainOrder } from "./chain-messages.ts";

interface ChainRemains {
  /** By the number of their stream. */
  readonly samples: ReadonlyMap<number, number>;
  /** The newest of each device: the next thread is to know it. */
  readonly hellos: readonly ChainOrder[];
  /** All before these is over. */
  readonly marks: readonly number[];
}

/** What a thread of so many points has told of its memory before its first batch. */
export function noneTold(points: number): Pick<ChainBatch, "takenBytes" | "openOfPoint"> {
  return { takenBytes: 0, openOfPoint: new Uint16Array(points) };
}

/** Empties the memory of an ended thread, and what found no room in it. `takenBytes`: as told last. */
export function takeRemains(
  ring: Pick<RingWriter, "drain">,
  backlog: readonly ChainOrder[],
  takenBytes: number,
): ChainRemains {
  const samples = new Map<number, number>();
  const hellos = new Map<string, ChainOrder>();
  const marks: number[] = [];
  const sift = (left: ChainOrder): void => {
    if (left.type === "mark") marks.push(left.mark);
    else if (left.type === "hello") hellos.set(left.hello.deviceId, left);
  };
  const take = {
    block: (stream: number, { counts }: { readonly counts: Int16Array }) =>
      samples.set(stream, (samples.get(stream) ?? 0) + counts.length),
    message: (message: unknown) => sift(message as ChainOrder),
  };
  ring.drain(take, takenBytes);
  for (const left of backlog) sift(left);
  return { samples, hellos: [...hellos.values()], marks };
}
