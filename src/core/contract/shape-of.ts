import type { z } from "zod";

/**
 * The fields of a validator of `T`, each of the type that `T` has it in: `z.object({ … } satisfies ShapeOf<T>)`. A field that is left out,
 * an optional one too, or that `T` does not have, is an error of the compiler; without it an optional field that the validator does not
 * name would be dropped without a word.
 */
export type ShapeOf<T> = { readonly [Key in keyof T]-?: z.ZodType<T[Key]> };
