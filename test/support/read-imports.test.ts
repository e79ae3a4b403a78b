import { describe, expect, it } from "vitest";
import { hasComputedImport, readImportedNames, readImports } from "./read-imports.ts";

describe("the reader of imports", () => {
  it.each([
    ['import { a, type B } from "./a.ts";', ["./a.ts"]],
    ['import type * as all from "zod";', ["zod"]],
    ['import {\n  a as b,\n  c,\n} from "./a.ts";', ["./a.ts"]],
    ['import first, { second } from "x";', ["x"]],
    ['import "side-effect";', ["side-effect"]],
    ['export { a } from "./a.ts";\nexport * from "./b.ts";', ["./a.ts", "./b.ts"]],
    ["import { a } from './a.ts'; import { b } from './b.ts';", ["./a.ts", "./b.ts"]],
    ['const a = await import("./late.ts");', ["./late.ts"]],
    ['const load = createRequire(import.meta.url)("better-sqlite3");', ["better-sqlite3"]],
    ['const tf = require("@tensorflow/tfjs") as typeof TensorFlow;', ["@tensorflow/tfjs"]],
    ['(process.getBuiltinModule as (id: string) => unknown)("node:sqlite")', ["node:sqlite"]],
  ])("finds those of %j", (code, expected) => {
    expect(readImports(code)).toEqual(expected);
  });

  it.each([
    'export function connect(config: Config["mqtt"]): void {}',
    'export type Step = Update["step"] | "late";',
    'export const name = "mqtt";',
    'export const from = { mqtt: "mqtt" };',
    'const text = "see import { a } from";',
  ])("finds none in %j", (code) => {
    expect(readImports(code)).toEqual([]);
  });

  it("sees a computed name", () => {
    expect(hasComputedImport("await import(path)")).toBe(true);
    expect(hasComputedImport('await import("./a.ts")')).toBe(false);
  });

  it.each([
    ['import { a, type B, c as d } from "./a.ts";', ["./a.ts a", "./a.ts B", "./a.ts c"]],
    ['import type { A } from "./a.ts";\nexport { b } from "./b.ts";', ["./a.ts A", "./b.ts b"]],
    ['import type * as all from "x";', ["x import", "x type", "x as", "x all", "x from", "x x"]],
    [
      '(await import("./a.ts")).late',
      ["./a.ts await", "./a.ts import", "./a.ts a", "./a.ts ts", "./a.ts late"],
    ],
    ['import "side-effect";', []],
  ])("finds the names in %j", (code, expected) => {
    expect([...readImportedNames(code)].map((named) => named.join(" "))).toEqual(expected);
  });
});
