/** What an earlier run kept as JSON under a key; what is damaged is as good as none. */
import type { z } from "zod";
import type { StateStore } from "./state-store.ts";

/** The value, or undefined where there is none or, after `onUnreadable`, where it is not of the schema's form. */
export function readKept<T>(
  state: StateStore,
  key: string,
  schema: z.ZodType<T>,
  onUnreadable: (error: unknown) => void,
): T | undefined {
  const text = state.get(key);
  if (text === null) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    onUnreadable(error);
    return undefined;
  }
}
