/** The streams of random numbers that one seed gives to the steps, each the same whichever step asks first. */
import { createRandom, type Random } from "../../../../core/maths/random.ts";

/** Streams in the sequence in which they are drawn from the seed: a new one goes to the end. */
const streams = ["bundle", "logistic", "background", "golden", "drift", "untaught", "direct"] as const;

/** The stream of that name. */
export function seedStream(seed: number, name: (typeof streams)[number]): Random {
  const random = createRandom(seed);
  for (const each of streams) {
    const own = random.fork(each);
    if (each === name) return own;
  }
  throw new Error(`no stream ${name}`);
}
