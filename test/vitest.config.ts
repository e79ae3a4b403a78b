import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./support/longest-first.ts";

// Suites that take long run by themselves: `npm run test:long` (minutes), `npm run test:retrained` (an hour): what lies in a
// folder of that name, and beside what it is about, `NAME.long.test.ts`.
const suites = ["long", "retrained"];
const suite = suites.find((name) => name === process.env.AURORA_SUITE);

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    globalSetup: "test/support/run-folder.ts",
    include: suite === undefined ? ["test/**/*.test.ts"] : filesOf(suite),
    exclude: [...(suite === undefined ? suites.flatMap(filesOf) : []), "**/node_modules/**"],
    pool: "forks",
    // Tests change nothing that all files of a process share: one after the other in one process, what they import is loaded once.
    isolate: false,
    // More than cores: many tests wait for processes and timers, long ones more of their time.
    maxWorkers: availableParallelism() + (suite === "long" ? 2 : 1),
    // On a busy machine as well; what is set up for a file may be trained or compiled first.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    sequence: { sequencer: LongestFirst },
  },
});

function filesOf(name: string): string[] {
  return [`test/${name}/**/*.test.ts`, `test/**/*.${name}.test.ts`];
}
