import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import { createStateStore } from "../../../src/gateway/record/state-store.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

test("snapshots survive a restart, and null forgets", () => {
  const path = join(createTemporaryFolder(), "store.db");
  let file = openStoreFile({ path });
  let state = createStateStore(file);
  expect(state.get("alarms")).toBeNull();
  expect(state.set("alarms", '{"a":1}')).toBe(true);
  expect(state.set("model", "1.0.0")).toBe(true);
  expect(state.set("model", null)).toBe(true);
  file.close();
  file = openStoreFile({ path });
  onTestFinished(() => file.close());
  state = createStateStore(file);
  expect(state.get("alarms")).toBe('{"a":1}');
  expect(state.get("model")).toBeNull();
});

test("a full disk keeps the newest value in memory and writes it when it can", () => {
  const path = join(createTemporaryFolder(), "store.db");
  const file = openStoreFile({ path, maxFileBytes: 65_536 });
  onTestFinished(() => file.close());
  const state = createStateStore(file);
  expect(state.set("large", "x".repeat(40_000))).toBe(true);
  expect(state.set("larger", "y".repeat(60_000))).toBe(false);
  expect(state.get("larger")).toHaveLength(60_000);
  expect(state.set("larger", "y")).toBe(true);
  expect(file.use((db) => db.prepare("SELECT value FROM state WHERE key = 'larger'").get()?.value)).toBe("y");
});

test("a snapshot without measure is refused", () => {
  const file = openStoreFile({ path: join(createTemporaryFolder(), "store.db") });
  onTestFinished(() => file.close());
  const state = createStateStore(file);
  expect(() => state.set("k", "x".repeat(2 ** 24 + 1))).toThrowError(
    expect.toSatisfy((error: unknown) => hasErrorCode(error, "STORE")),
  );
});
