import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const training = join(import.meta.dirname, "..", "..", "src", "training");

it("training never sees the simulator: only the golden vectors are made with it", () => {
  const users = readdirSync(training).filter((name) =>
    /from "\.\.\/simulate\//.test(readFileSync(join(training, name), "utf8")),
  );
  expect(users.filter((name) => !name.startsWith("golden-"))).toEqual([]);
});

it("no module that fits, calibrates or judges a student imports the golden vectors", () => {
  const users = readdirSync(training).filter((name) =>
    /from "\.\/golden-/.test(readFileSync(join(training, name), "utf8")),
  );
  // What puts a bundle's files together may.
  expect(
    users.filter((name) => /^(train-student|calibrate|fit|platt|prune|quantise|judge|evaluate)/.test(name)),
  ).toEqual([]);
});
