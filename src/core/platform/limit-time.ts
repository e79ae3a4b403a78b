/** How long an exchange may take that also ends with whoever asked for it. */

/**
 * A signal that is aborted with the given one, or after so many milliseconds with a TimeoutError.
 * In Node 20 `AbortSignal.any` alone forgets a timeout at the next garbage collection, since only the timeout's own listeners keep
 * it (nodejs/node#57736): the exchange would never end.
 */
export function limitTime(signal: AbortSignal, timeoutMs: number): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  timeout.addEventListener("abort", () => {});
  return AbortSignal.any([signal, timeout]);
}
