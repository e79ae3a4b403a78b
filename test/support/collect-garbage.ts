import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Lets go of whatever nothing holds any more. A weak reference holds until the end of the turn that made it. */
export async function collectGarbage(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
