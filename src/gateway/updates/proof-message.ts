/**
 * What updater and prover say to each other. The prover is another process, so that a model which crashes or hangs
 * the engine does so there.
 *
 * The contract of a prover:
 * - stdin: one line, a {@link ProofRequest} as JSON, then the end.
 * - It opens the bundle in `bundleDir`, checks that its digest is `digest`, runs every case of `golden.bin` with the
 *   code and engine that would serve: features of raw windows within a stated tolerance, all that follows to the bit.
 * - stdout: one {@link ProofReport} as JSON (at most 64 KiB) and nothing else; logs go to stderr.
 * - exit code 0 if and only if `ok` is true. Any other end, or none within the time given, is a failed proof.
 * - It writes nothing to disk. It may be killed (SIGKILL) at any time.
 */
import { z } from "zod";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { onDemand } from "../../core/contract/on-demand.ts";

/** What is to be proved. */
export interface ProofRequest {
  readonly formatVersion: 1;
  /** Absolute path of the bundle's folder. */
  readonly bundleDir: string;
  /** Digest that the bundle must have. */
  readonly digest: string;
  /** Which engine would serve, as `bundles.engine` says it. */
  readonly engine: "auto" | "onnx" | "integer";
}

export interface ProofReport {
  readonly formatVersion: 1;
  /** Every case gave what it must. */
  readonly ok: boolean;
  /** Digest of the bundle that was run. */
  readonly digest: string;
  /** Engine that ran it, for example `onnx`. */
  readonly engine: string;
  readonly cases: number;
  readonly failed: number;
  /** For people: what differed first, or how it went. */
  readonly detail: string;
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const requestSchema: () => z.ZodType<ProofRequest> = onDemand(() =>
  z.strictObject({
    formatVersion: z.literal(1),
    bundleDir: z.string().min(1).max(4096),
    digest,
    engine: z.enum(["auto", "onnx", "integer"]),
  }),
);

export const proofReportSchema: () => z.ZodType<ProofReport> = onDemand(() =>
  z.object({
    formatVersion: z.literal(1),
    ok: z.boolean(),
    digest,
    engine: z.string().min(1).max(32),
    cases: z.int().min(0),
    failed: z.int().min(0),
    detail: z.string().max(4096),
  }),
);

/** For the prover: reads its stdin's text. @throws AuroraError USAGE. */
export function parseProofRequest(text: string): ProofRequest {
  try {
    return requestSchema().parse(JSON.parse(text));
  } catch (cause) {
    throw new AuroraError("USAGE", "stdin is not a proof request", {
      op: "prove bundle",
      hint: "The updater starts this program by itself.",
      cause,
    });
  }
}
