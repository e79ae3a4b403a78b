/** The Levinson–Durbin recursion of many blocks as vectors in WebAssembly: a part of a kernel that whitens. */
import { type Code, f64, f64x2, i32, repeat, vectorBytes } from "./wasm-code.ts";
import type { Locals } from "./wasm-module.ts";

/** Rows of two blocks whose recursions go side by side: each waits for its own divisions. */
export const rowsAbreast = 2;

/** Where in the memory what lies, bytes; two blocks a row. */
interface RecursionLayout {
  /** Every lag product of both. */
  readonly products: number;
  /** The same of coefficients 1 … order. */
  readonly coefficients: number;
}

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** Names of the vectors that the recursion needs. */
export function recursionLocals(order: number): string {
  const named = (row: number): readonly string[] => [
    ...["error", "limit", "alive", "reflection", "sum"].map((name) => `${name}_${row}`),
    ...range(order + 1).map((lag) => `a${lag}_${row} t${lag}_${row}`),
  ];
  return range(rowsAbreast).flatMap(named).join(" ");
}

/**
 * `solveLevinsonDurbin` of four blocks at once, in two rows: where one has come to its end, what it has is kept. Of `blocks` blocks;
 * it changes `block`, `row` and `stop`.
 */
export function encodeRecursion(order: number, layout: RecursionLayout, { get, set, advance }: Locals): Code {
  const { add, sub, mul } = f64x2;
  const rowBytes = vectorBytes * (order + 1);
  const all = (value: number): Code => f64x2.both(f64.constant(value));
  const solveRow = (row: number): readonly Code[] => {
    const of = (name: string): Code => get(`${name}_${row}`);
    const put = (name: string, value: Code): Code => set(`${name}_${row}`, value);
    const product = (lag: number): Code => f64x2.load(get("row"), rowBytes * row + vectorBytes * lag);
    const offset = (index: number): number => vectorBytes * (order * row + index);
    return [
      put("error", product(0)),
      put("limit", mul(of("error"), all(1e-12))),
      put("alive", f64x2.isAbove(of("error"), f64x2.zero())),
      ...range(order).flatMap((index) => {
        const m = index + 1;
        const before = range(index).map((k) => k + 1);
        return [
          put("sum", product(m)),
          ...before.map((k) => put("sum", add(of("sum"), mul(of(`a${k}`), product(m - k))))),
          put("reflection", f64x2.div(f64x2.neg(of("sum")), of("error"))),
          put("error", mul(of("error"), sub(all(1), mul(of("reflection"), of("reflection"))))),
          put("alive", f64x2.and(of("alive"), f64x2.isAbove(of("error"), of("limit")))),
          ...before.map((k) => put(`t${k}`, add(of(`a${k}`), mul(of("reflection"), of(`a${m - k}`))))),
          ...before.map((k) => put(`a${k}`, f64x2.choose(of(`t${k}`), of(`a${k}`), of("alive")))),
          put(`a${m}`, f64x2.and(of("reflection"), of("alive"))),
        ];
      }),
      ...range(order).map((index) =>
        f64x2.store({ address: get("stop"), offset: offset(index) }, of(`a${index + 1}`)),
      ),
    ];
  };
  const rows = range(rowsAbreast).map(solveRow);
  return [
    ...set("block", i32.constant(0)),
    ...set("row", i32.constant(layout.products)),
    ...set("stop", i32.constant(layout.coefficients)),
    ...repeat(
      [
        ...rows[0]!.flatMap((_, line) => rows.flatMap((row) => row[line]!)),
        ...advance("row", rowsAbreast * rowBytes),
        ...advance("stop", rowsAbreast * vectorBytes * order),
        ...advance("block", 2 * rowsAbreast),
      ],
      i32.isBelow(get("block"), get("blocks")),
    ),
  ];
}
