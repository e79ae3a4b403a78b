/** Asking for an event by what it is about and when it was: however many came since, it is found. */

/** An event that is looked for. */
export interface EventMoment {
  readonly gateway: string;
  readonly name: string;
  readonly subject: string;
  readonly atMs: number;
}

/** What an alert tells of a step and the event of who did it lie no further apart. */
export const togetherMs = 5_000;
