import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./support/longest-first.ts";

// Suites that take long run by themselves: `npm run test:long` (minutes), `npm run test:retrained` (an hour).
const folders = ["long", "retrained"];
const suite = folders.find((folder) => folder === process.env.AURORA_SUITE);

const root = new URL("..", import.meta.url).pathname;
const include = [`test/${suite === undefined ? "" : `${suite}/`}**/*.test.ts`];
const exclude = [
  ...(suite === undefined ? folders.map((folder) => `test/${folder}/**`) : []),
  "**/node_modules/**",
];

/** Rooms whose tests change nothing that all files of a process share: one after the other in one process, what they import is loaded once. */
const together = [
  "core",
  "firmware-bridge",
  "gateway",
  "collector",
  "training",
  "cli/device",
  "cli/drift",
  "cli/score",
  "cli/terminal",
  "scripts",
].map((room) => `test/${room}/**/*.test.ts`);

// One more than cores: many tests wait for processes and timers (two cores: 200 s instead of 244).
const maxWorkers = Math.max(2, availableParallelism() + 1);
// On a busy machine as well; what is set up for a file may be trained or compiled first.
const common = { root, pool: "forks", testTimeout: 180_000, hookTimeout: 300_000 } as const;

export default defineConfig({
  test: {
    root,
    globalSetup: "test/support/run-folder.ts",
    maxWorkers,
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { ...common, name: "alone", include, exclude: [...exclude, ...together] } },
      {
        test: {
          ...common,
          name: "together",
          isolate: false,
          include: suite === undefined ? together : [],
          exclude,
        },
      },
    ],
  },
});
