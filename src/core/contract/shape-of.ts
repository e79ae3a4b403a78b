import type { z } from "zod";

/** Schemas of all fields of `T`: one that is left out, also an optional one, does not compile. */
export type ShapeOf<T> = { readonly [K in keyof T]-?: z.ZodType<T[K]> };
