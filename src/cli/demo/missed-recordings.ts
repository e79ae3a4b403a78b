/** Reads from a bundle's evaluation which held-out recordings it gets wrong, so that a replay can say so beforehand. */
import { z } from "zod";
import type { MissedRecording } from "./demo-plan.ts";

const evaluationSchema = z.object({
  heldOut: z.object({
    recordings: z
      .array(
        z.object({
          file: z.string(),
          truth: z.string().nullable(),
          raised: z.string().nullable(),
        }),
      )
      .max(10_000),
  }),
});

/**
 * The faulty recordings on which something else than the truth was raised, each heard at its own fault's end; none
 * when the bundle does not say.
 */
export function parseMissedRecordings(evaluation: Uint8Array): MissedRecording[] {
  const parsed = evaluationSchema.safeParse(JSON.parse(Buffer.from(evaluation).toString("utf8")));
  if (!parsed.success) return [];
  return parsed.data.heldOut.recordings
    .filter(({ truth, raised }) => truth !== null && raised !== truth)
    .map(({ file, raised }) => ({ file, raised }));
}
