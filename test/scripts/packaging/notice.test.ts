/** NOTICE names what is installed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../../src/core/platform/files/package-root.ts";

interface LockedPackage {
  readonly version: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

const root = packageRoot();
const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

test("NOTICE names every package of the production tree with the version that is locked (else: node scripts/packaging/notice.mjs)", () => {
  const notice = readFileSync(join(root, "NOTICE"), "utf8").split("\n");
  const locked = Object.entries(packages)
    .filter(([path, { dev, optional, devOptional }]) => path !== "" && !(dev || optional || devOptional))
    .map(([path, { version }]) => `${path.split("node_modules/").at(-1)} ${version}: `);
  expect(locked.length).toBeGreaterThan(50);
  expect(locked.filter((start) => !notice.some((line) => line.startsWith(start)))).toEqual([]);
});

test("training and the compiler are no part of the production tree", () => {
  const production = Object.entries(packages).filter(
    ([, { dev, optional, devOptional }]) => !(dev || optional || devOptional),
  );
  expect(production.filter(([path]) => /tensorflow|better-sqlite3|typescript|esbuild/.test(path))).toEqual(
    [],
  );
});
