/** One named question of the gate, and its answer. Plain data: it goes into the verdict as it is. */

export interface GateCheck {
  readonly name: string;
  /** `skipped` only where the question does not arise, with the reason in `words`. */
  readonly outcome: "passed" | "failed" | "skipped";
  /** What was measured, and what it is held against. */
  readonly measured: Readonly<Record<string, GateValue>>;
  readonly limits: Readonly<Record<string, GateValue>>;
  /** One sentence. */
  readonly words: string;
  /** Its measured values differ from run to run (latency): a replay judges them again and does not compare them. */
  readonly volatile?: true;
}

type GateValue = number | string | null | readonly string[];

/** A check that was made. */
export function answer(
  name: string,
  passed: boolean,
  grounds: Pick<GateCheck, "measured" | "limits" | "words">,
): GateCheck {
  return { name, outcome: passed ? "passed" : "failed", ...grounds };
}

/** A check that does not arise. */
export function skip(name: string, words: string): GateCheck {
  return { name, outcome: "skipped", measured: {}, limits: {}, words };
}
