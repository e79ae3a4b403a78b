/**
 * The same with every key there, those that may be absent as undefined: what is written so, in one order, has one hidden class, and none is
 * forgotten. What is spread has a hidden class of its own each time (ADR 55).
 */
export type EveryKey<T> = { readonly [K in keyof Required<T>]: T[K] };
