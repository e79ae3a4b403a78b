/** Counts of a converter as doubles in a kernel's memory, eight at a time. Knows no filter. */
import { countBytes, doubleBytes, f64x2, i32, repeat, vectorBytes } from "./wasm-code.ts";
import type { WasmFunction } from "./wasm-module.ts";

/** Bytes behind counts and doubles that are read and written without meaning anything: they go by eights. */
export const conversionSlackBytes = 64;

const together = 8;

/**
 * `convert(at, stop, target, scale, level)`: the counts between two addresses, one at least, as count · scale − level from the
 * target on. Writes up to {@link conversionSlackBytes} further.
 */
export function describeConversion(): WasmFunction {
  return {
    name: "convert",
    parameters: { at: "i32", stop: "i32", target: "i32", scale: "f64", level: "f64" },
    locals: { v128: "counts four scales levels" },
    body: ({ get, set, advance }) => {
      const put = (place: number): readonly number[] => {
        const values = f64x2.fromIntegers(
          place % 2 === 0 ? get("four") : f64x2.slide(get("four"), get("four")),
        );
        const value = f64x2.sub(f64x2.mul(values, get("scales")), get("levels"));
        return f64x2.store({ address: get("target"), offset: vectorBytes * place }, value);
      };
      return [
        ...set("scales", f64x2.both(get("scale"))),
        ...set("levels", f64x2.both(get("level"))),
        ...repeat(
          [
            ...set("counts", f64x2.load(get("at"))),
            ...set("four", f64x2.widenLow(get("counts"))),
            ...put(0),
            ...put(1),
            ...set("four", f64x2.widenHigh(get("counts"))),
            ...put(2),
            ...put(3),
            ...advance("target", doubleBytes * together),
            ...advance("at", countBytes * together),
          ],
          i32.isBelow(get("at"), get("stop")),
        ),
      ];
    },
  };
}
