import { expect, it, vi } from "vitest";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { openByteBudget } from "../../../src/gateway/evidence/byte-budget.ts";

it("goes on with what is left of the day, and says in the log where what was kept is damaged", () => {
  const kept = new Map<string, string>();
  const state = {
    get: (key: string) => kept.get(key) ?? null,
    set: (key: string, text: string | null) => kept.set(key, text ?? "").size > 0,
  };
  const error = vi.fn();
  const logger = { ...silentLogger, error };
  const open = () => openByteBudget({ dailyBytes: 3_200, state, clock: { nowMs: () => 0 }, logger });

  expect(open().spend(1_000)).toBe(true);
  expect(open().left).toBe(2_200);
  expect(error).not.toHaveBeenCalled();

  kept.set("evidence/budget", '{"sinceMs":');
  expect(open().left).toBe(3_200);
  expect(error).toHaveBeenCalledOnce();
});
