/** The streams of random numbers of one training, each the same whichever step asks first. */
import { createRandom, type Random } from "../../../core/maths/random.ts";

/** What a student's training draws from. */
export interface LifeStudentStreams {
  readonly teacher: Random;
  readonly student: Random;
  readonly baselines: Random;
  readonly finetune: Random;
}

/** Streams of the student named `owner`: the one of the bundle, or of a fold. */
export function lifeStreams(seed: number, owner: string): LifeStudentStreams {
  const stream = (purpose: string): Random => createRandom(seed).fork(`${owner}: ${purpose}`);
  return {
    teacher: stream("teacher"),
    student: stream("student"),
    baselines: stream("baselines"),
    finetune: stream("finetune"),
  };
}
