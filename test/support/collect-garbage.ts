import { collectGarbage as collectNow } from "../../src/gateway/heap.ts";

/** Lets go of whatever nothing holds any more. A weak reference holds until the end of the turn that made it. */
export async function collectGarbage(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  collectNow();
}
