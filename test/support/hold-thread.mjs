/**
 * Loaded by Node before everything else in each thread of a process (`--import`): while a file `hold-main`, or `hold-other` for
 * a thread beside the main one, lies in the folder HELD_IN, that thread does nothing at all; `end-…` ends it at once.
 */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";

const name = isMainThread ? "main" : "other";
const pathOf = (what) => join(process.env.HELD_IN, `${what}-${name}`);
const word = new Int32Array(new SharedArrayBuffer(4));

setInterval(() => {
  if (existsSync(pathOf("hold"))) {
    writeFileSync(pathOf("held"), "");
    while (existsSync(pathOf("hold"))) Atomics.wait(word, 0, 0, 10);
    rmSync(pathOf("held"));
  }
  if (existsSync(pathOf("end"))) {
    rmSync(pathOf("end"));
    process.exit(1);
  }
}, 5).unref();
