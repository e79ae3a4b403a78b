import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, it } from "vitest";

const training = join(import.meta.dirname, "..", "..", "src", "training");

it("training never sees the simulator: only the golden vectors are made with it", () => {
  const users = readdirSync(training, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .filter((name) => /from "(\.\.\/)+core\/simulate\//.test(readFileSync(join(training, name), "utf8")));
  expect(users.filter((name) => !basename(name).startsWith("golden-"))).toEqual([]);
});

it("no module that fits, calibrates or judges a student imports the golden vectors", () => {
  const users = readdirSync(training, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .filter((name) =>
      /from "(\.{1,2}\/)+(bundle\/)?(golden-|student-files)/.test(readFileSync(join(training, name), "utf8")),
    );
  // What puts a bundle's files together may.
  expect(users.filter((name) => !/^(package-|golden-|student-files\.)/.test(basename(name)))).toEqual([]);
});
