import { expect, onTestFinished, test, vi } from "vitest";
import { type BegunWorker, keepWorker } from "../../../src/core/platform/daemon/keep-worker.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";

/** A worker that takes a while to end. */
function createSlowWorker(endMs: number) {
  const said: string[] = [];
  let end = (): void => {};
  const ended = new Promise<object>((resolve) => {
    end = () => resolve({});
  });
  const worker: BegunWorker = {
    ended: ended as BegunWorker["ended"],
    stop: () => said.push("stop"),
    kill: () => {
      said.push("kill");
      setTimeout(() => {
        said.push("last word");
        end();
      }, endMs);
    },
  };
  return { worker, said };
}

test("one that does not stop is killed, and its end is waited for", async () => {
  const { worker, said } = createSlowWorker(30);
  const kept = keepWorker({
    begin: () => worker,
    onEnd: () => said.push("ended"),
    message: "a worker ended",
    stopMs: 5,
    logger: silentLogger,
  });
  await kept.close();
  expect(said).toEqual(["stop", "kill", "last word", "ended"]);
});

test("one that cannot be begun again is tried until it can", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let begun = 0;
  const ends: unknown[] = [];
  const kept = keepWorker({
    begin: () => {
      begun++;
      if (begun === 2 || begun === 3) throw new Error("no thread");
      return {
        ended: begun === 1 ? Promise.resolve({ code: 1 }) : new Promise(() => {}),
        stop: () => {},
        kill: () => {},
      };
    },
    onEnd: (how) => ends.push(how),
    message: "a worker ended",
    stopMs: 5,
    logger: silentLogger,
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(begun).toBe(4);
  expect(ends).toEqual([{ code: 1 }, { error: new Error("no thread") }, { error: new Error("no thread") }]);
  const closed = kept.close();
  await vi.advanceTimersByTimeAsync(60_000);
  await closed;
});

test("the first that cannot be begun is the keeper's own failure", () => {
  const begin = (): BegunWorker => {
    throw new Error("no thread");
  };
  expect(() =>
    keepWorker({ begin, onEnd: () => {}, message: "a worker ended", stopMs: 5, logger: silentLogger }),
  ).toThrow("no thread");
});
