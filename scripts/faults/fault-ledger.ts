/** What a part of the fault run is asked, and the book in which it notes its cases. */

export interface FaultOptions {
  readonly seed: number;
  /** How often something is killed. */
  readonly kills: number;
  /** Cases of each kind, 1 for a glance; what cannot be scaled is done once. */
  readonly rounds: number;
  /** Tells how far it is. */
  readonly say: (text: string) => void;
}

/** What came of a part. */
export interface FaultReport {
  readonly cases: number;
  /** Each is something that the house promises and did not keep. */
  readonly violations: readonly string[];
  readonly figures: Readonly<Record<string, unknown>>;
}

/** Of a part that needs PostgreSQL, where there is none. */
export const noPostgres: FaultReport = {
  cases: 0,
  violations: [],
  figures: { skipped: "no PostgreSQL is installed" },
};

/** A part: runs its cases one after the other. */
export type FaultModule = (options: FaultOptions) => Promise<FaultReport>;

export interface FaultLedger {
  /** Notes a case. It holds where nothing is wrong. */
  note(name: string, wrongs: readonly string[]): void;
  /** Notes a case by a condition; `detail` says what was seen instead. */
  check(name: string, holds: boolean, detail: string): void;
  /** Runs a case; what it throws is a violation, and the next one runs. */
  run(name: string, work: () => Promise<readonly string[]>): Promise<void>;
  /** Does what a later case is made of; where it throws, the case is noted now, and this is null. */
  attempt<T extends object | undefined>(name: string, work: () => Promise<T>): Promise<T | null>;
  report(figures: FaultReport["figures"]): FaultReport;
}

/** Opens an empty book. */
export function createFaultLedger(say: (text: string) => void): FaultLedger {
  const violations: string[] = [];
  let cases = 0;
  const note = (name: string, wrongs: readonly string[]): void => {
    cases += 1;
    for (const wrong of wrongs) violations.push(`${name}: ${wrong}`);
    say(`${name}: ${wrongs.length === 0 ? "holds" : wrongs.join("; ")}`);
  };
  const attempt = async <T extends object | undefined>(
    name: string,
    work: () => Promise<T>,
  ): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      note(name, [describe(error)]);
      return null;
    }
  };
  return {
    note,
    check: (name, holds, detail) => note(name, holds ? [] : [detail]),
    run: async (name, work) => {
      const wrongs = await attempt(name, work);
      if (wrongs !== null) note(name, wrongs);
    },
    attempt,
    report: (figures) => ({ cases, violations, figures }),
  };
}

/** With what is behind it: of a request that failed the message alone says no more than that. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}
