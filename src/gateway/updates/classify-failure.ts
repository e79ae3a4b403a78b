/** What a failed attempt at an update means for the next look. Pure: says it, and does nothing about it. */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { WrongBytesError } from "./download-target.ts";
import { ProofError } from "./prove-bundle.ts";

/** The gateway could not take the bundle into service. */
export class ActivationError extends AuroraError {
  constructor(cause: unknown) {
    const words = cause instanceof Error ? cause.message : String(cause);
    super("UPDATE", `could not be taken into service: ${words}`, { op: "activate update", cause });
  }
}

/**
 * `unreachable`: the source's fault. `dishonest`: the source's fault too, and worth a report. `stopped`: ours, because
 * we stop. `again`: an accident that may not happen at the next look. `final`: the bundle's own fault, or an accident
 * that happened once too often.
 */
export type FailureClass = "unreachable" | "dishonest" | "stopped" | "again" | "final";

/** When it failed. */
export interface FailureContext {
  readonly isStopping: boolean;
  /** Proofs begun for this update, and after how many of them it is given up. */
  readonly attempts: number;
  readonly maxAttempts: number;
}

/** Classifies `error`. A full disk is not the bundle's fault, however often it happens. */
export function classifyFailure(error: AuroraError, context: FailureContext): FailureClass {
  if (error instanceof WrongBytesError) return "dishonest";
  if (context.isStopping) return "stopped";
  if (error.code === "UPDATE_SOURCE") return "unreachable";
  if (error.code === "STORE") return "again";
  const isAccident = error instanceof ActivationError || (error instanceof ProofError && !error.final);
  return isAccident && context.attempts < context.maxAttempts ? "again" : "final";
}
