import type { z } from "zod";

/**
 * The fields of a validator of `T`: `z.object({ … } satisfies ShapeOf<T>)`. A field that is left out, an optional one too, or that `T`
 * does not have, is an error of the compiler; without it an optional field that the validator does not name would be dropped without a
 * word. What lies within a field is asked by a `satisfies` of its own; one that the validator demands, or takes fewer values of, compiles.
 */
export type ShapeOf<T> = { readonly [Key in keyof T]-?: z.ZodType<T[Key]> };
