import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Suites that take long run by themselves: `npm run test:long` (minutes), `npm run test:retrained` (an hour).
const folders = ["long", "retrained"];
const suite = folders.find((folder) => folder === process.env.AURORA_SUITE);

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: [`test/${suite === undefined ? "" : `${suite}/`}**/*.test.ts`],
    exclude: [
      ...(suite === undefined ? folders.map((folder) => `test/${folder}/**`) : []),
      "**/node_modules/**",
    ],
    globalSetup: "test/support/run-folder.ts",
    pool: "forks",
    // Many tests wait for processes and timers rather than for a core.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
