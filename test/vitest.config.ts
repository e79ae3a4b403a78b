import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// The long suites run by themselves: `npm run test:long`.
const long = process.env.AURORA_LONG === "1";

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: [long ? "test/long/**/*.test.ts" : "test/**/*.test.ts"],
    exclude: [...(long ? [] : ["test/long/**"]), "**/node_modules/**"],
    pool: "forks",
    // Many tests wait for processes and timers rather than for a core.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
