import { expect } from "vitest";

/** Shorter than the time after which anything here gives up somebody who does not answer (10 s); a loaded machine may need a part of it. */
const limitMs = 9_000;

/** Awaits an end that must not wait for anybody who is silent. */
export async function waitsForNobody<T>(end: Promise<T>): Promise<T> {
  const before = performance.now();
  const ended = await end;
  expect(performance.now() - before).toBeLessThan(limitMs);
  return ended;
}
