/** The drift job, killed again and again: what it leaves is what a run without any trouble leaves. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { createRandom } from "../../src/core/maths/random.ts";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import { createDriftBench, dayMs, firstDayMs, point } from "../collector/drift-bench.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";

const days = 9;
const turbines = 12;
const endMs = firstDayMs + (days + 1) * dayMs;
const script = join(import.meta.dirname, "drift-job-process.ts");

/** All that the job writes, in an order of its own. */
function readAll(path: string): unknown {
  const database = openSqlite(path);
  const all = (sql: string): unknown => database.prepare(sql).all();
  try {
    return {
      verdicts: all("SELECT * FROM drift_verdict ORDER BY point, model_digest, from_ms"),
      references: all("SELECT * FROM drift_reference ORDER BY point, model_digest"),
      states: all("SELECT * FROM drift_state ORDER BY point"),
      events: all(
        "SELECT gateway, time_ms, name, subject, detail FROM event ORDER BY time_ms, subject, name",
      ),
      periods: all("SELECT point, from_ms, assessed, reports FROM drift_period ORDER BY point, from_ms"),
      cells: all("SELECT * FROM drift_cell"),
      unpublished: all("SELECT * FROM drift_unpublished"),
    };
  } finally {
    database.close();
  }
}

/** Runs the job in a process of its own; `killAfterMs` after it began to, it is killed. Resolves with whether it came to its end. */
async function runProcess(path: string, killAfterMs: number | null): Promise<boolean> {
  const child = spawn(process.execPath, ["--import", "tsx", script, path, `${endMs}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (killAfterMs !== null && output.includes("ready"))
      void wait(killAfterMs).then(() => child.kill("SIGKILL"));
  });
  await ended;
  return output.includes("done");
}

test("killed at any moment, it loses no verdict and makes none twice", async () => {
  const folder = createTemporaryFolder();
  const [whole, killed] = [join(folder, "whole.sqlite"), join(folder, "killed.sqlite")];
  const bench = createDriftBench({ path: whole });
  for (let turbine = 0; turbine < turbines; turbine++) {
    for (let day = 0; day < days; day++) {
      const shift = turbine === 0 && day >= 7 ? { shift: { columns: [0], by: 20 } } : {};
      await bench.sendDay(point(`wt-${turbine}`), day, shift);
    }
  }
  await bench.record.close();
  copyFileSync(whole, killed);
  expect(await runProcess(whole, null)).toBe(true);

  const random = createRandom(Date.now() % 1_000_000);
  let kills = 0;
  for (let tries = 0; tries < 5; tries++) {
    if (await runProcess(killed, 10 + 120 * random.uniform())) break;
    kills++;
  }
  expect(kills).toBeGreaterThan(0);
  expect(await runProcess(killed, null)).toBe(true);
  const expected = readAll(whole) as { verdicts: unknown[]; events: unknown[]; unpublished: unknown[] };
  expect(readAll(killed)).toEqual(expected);
  expect(expected.verdicts).toHaveLength(days * turbines);
  expect(expected.events).toMatchObject([
    { name: "drift.drift", subject: "north-sea/wt-0/generator-bearing" },
  ]);
  expect(expected.unpublished).toEqual([]);
});
