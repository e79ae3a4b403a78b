/** What a command prints that is called in this process. */
import { vi } from "vitest";

/** Resolves with everything that `run` wrote to stdout, which shows it to nobody else; rejects as `run` does. */
export async function outputOf(run: () => Promise<unknown>): Promise<string> {
  let text = "";
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  await run().finally(() => spy.mockRestore());
  return text;
}
