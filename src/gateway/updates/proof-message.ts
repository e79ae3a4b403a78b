/**
 * What updater and prover say to each other. The prover is another process, so that a model which crashes or hangs
 * the engine does so there.
 *
 * The contract of a prover:
 * - stdin: one line, a {@link ProofRequest} as JSON, then the end.
 * - It opens the bundle in `bundleDir`, checks that its digest is `digest`, runs every case of `golden.bin` with the
 *   code and engine that would serve: features of raw windows within a stated tolerance, all that follows to the bit.
 * - stdout: one {@link ProofReport} as JSON (at most 64 KiB) and nothing else; logs go to stderr.
 * - A bundle that no gateway can open, whatever the machine, is reported with `refused`: to try again is of no use.
 * - exit code 0 if and only if `ok` is true. Any other end, or none within the time given, is a failed proof.
 * - It writes nothing to disk. It may be killed (SIGKILL) at any time.
 */
import { z } from "zod";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { sha256Pattern } from "../../core/contract/bundle/plain-name.ts";
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
  /** The bundle itself cannot be opened, so that no case was run; `detail` says why. */
  readonly refused?: true | undefined;
  /** Digest of the bundle that was run. */
  readonly digest: string;
  /** Engine that ran it, for example `onnx`. */
  readonly engine: string;
  readonly cases: number;
  readonly failed: number;
  /** For people: what differed first, why it is refused, or how it went. */
  readonly detail: string;
}

/** Of a proof at which the gateway or the prover was ended, with what to do. */
export const wantOfMemory =
  "perhaps for want of memory (give the gateway more, or write gateway.profile: small if it is not so; then publish an update that was given up under a higher version, `aurora bundle republish`)";

/** Characters of a report's detail. */
export const maxDetail = 4096;

const digest = z.string().regex(sha256Pattern);
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
    refused: z.literal(true).optional(),
    digest,
    engine: z.string().min(1).max(32),
    cases: z.int().min(0),
    failed: z.int().min(0),
    detail: z.string().max(maxDetail),
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
