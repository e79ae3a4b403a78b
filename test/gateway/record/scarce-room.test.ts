/** What makes room on a full disk before an alert, or what it is told by, waits in memory. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createStateStore, type StateStore } from "../../../src/gateway/record/state-store.ts";
import { fillDisk, mountSmallDisk } from "../../support/small-disk.ts";
import { type OutboxRig, openOutbox } from "./outbox-rig.ts";

const alert = (index: number) =>
  ({ kind: "alert", id: `${index}`, json: JSON.stringify("x".repeat(4_000)) }) as const;

interface FullDisk extends OutboxRig {
  readonly state: StateStore;
  /** Recordings that still lie on the disk. */
  left(): number;
}

/** An outbox with a small reserve on a full disk, where so many recordings of 256 KiB lie; null: nobody may mount one here. */
function fillAround(recordings: number): FullDisk | null {
  const disk = mountSmallDisk(4_096);
  if (disk === null) return null;
  const rig = openOutbox(join(disk, "store.db"), {}, { reserveBytes: 128 * 1024 });
  const files = Array.from({ length: recordings }, (_, index) => join(disk, `${index}.pack`));
  for (const path of files) writeFileSync(path, new Uint8Array(256 * 1024));
  rig.file.reserve.join(() => {
    const path = files.pop();
    if (path !== undefined) rmSync(path);
    return path !== undefined;
  });
  const state = createStateStore(rig.file);
  // So that what follows has its place in the file's log.
  rig.outbox.append(alert(0));
  fillDisk(disk);
  return { ...rig, state, left: () => files.length };
}

test("alerts take the room of the reserve, then of each recording, and wait in memory when none is left", ({
  skip,
}) => {
  const full = fillAround(3);
  if (full === null) return skip("nobody may mount a small disk here");
  const { outbox, file, left } = full;
  const pending = (): number => outbox.counts().lanes.alert.pending;
  let count = 0;
  const seen = new Set<number>();
  while (pending() === 0 && count < 1_000) {
    outbox.append(alert(++count));
    if (pending() === 0) seen.add(left());
  }
  expect(file.reserve.isHeld).toBe(false);
  expect([left(), [...seen].sort()]).toEqual([0, [0, 1, 2, 3]]);
  expect(pending()).toBe(1);
  expect(outbox.counts().lanes.alert.records).toBe(count);
});

test("what is no alert takes no recording's room", ({ skip }) => {
  const full = fillAround(2);
  if (full === null) return skip("nobody may mount a small disk here");
  const { outbox, clock, left } = full;
  for (let second = 0; second < 300; second++) {
    outbox.append({
      kind: "evidence-piece",
      id: "ab".repeat(32),
      offset: 0,
      about: "",
      bytes: new Uint8Array(4_000),
    });
    clock.advance(1_000);
  }
  expect(outbox.counts()).toMatchObject({ trouble: "full", lanes: { alert: { pending: 0 } } });
  expect(left()).toBe(2);
});

test("what an alert is told by takes their room as well", ({ skip }) => {
  const full = fillAround(2);
  if (full === null) return skip("nobody may mount a small disk here");
  const { file, state, left } = full;
  expect(state.set("alarms", "x".repeat(400_000))).toBe(true);
  expect([file.reserve.isHeld, left() < 2]).toEqual([false, true]);
});
