/** Where a conversation stands, told when that changes; the same for both sides. */

/** A state and why it is so. */
export interface ToldState<State extends string> {
  readonly current: State;
  /** Why `current` was entered. */
  readonly reason: string;
  /** Enters `next`. Why a connection cannot be made is news each time that it is another reason. */
  become(next: State, reason: string): void;
}

/** Creates a state that begins as `first`, which is not told. */
export function createToldState<State extends string>(
  first: State,
  tell: (state: State, reason: string) => void,
): ToldState<State> {
  let current = first;
  let currentReason = "";
  return {
    get current() {
      return current;
    },
    get reason() {
      return currentReason;
    },
    become: (next, reason) => {
      if (current === next && (next !== "connecting" || reason === currentReason)) return;
      current = next;
      currentReason = reason;
      tell(next, reason);
    },
  };
}
