import { describe, expect, it } from "vitest";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import {
  ActivationError,
  classifyFailure,
  type FailureContext,
} from "../../../src/gateway/updates/classify-failure.ts";
import { WrongBytesError } from "../../../src/gateway/updates/download-target.ts";
import { ProofError } from "../../../src/gateway/updates/prove-bundle.ts";

const early: FailureContext = { isStopping: false, attempts: 1, maxAttempts: 3 };
const late: FailureContext = { ...early, attempts: 3 };
const stopping: FailureContext = { ...late, isStopping: true };

const error = (code: "UPDATE" | "UPDATE_SOURCE" | "STORE"): AuroraError =>
  new AuroraError(code, "no", { op: "test" });
const crash = new ProofError("the prover crashed", "slot", false);
const wrongResult = new ProofError("one logit differs", "slot", true);

describe("a failed update", () => {
  it.each([
    ["whose source cannot be reached", error("UPDATE_SOURCE"), "unreachable", "unreachable"],
    ["whose source sends other bytes", new WrongBytesError("url"), "dishonest", "dishonest"],
    ["on a full disk", error("STORE"), "again", "again"],
    ["whose prover crashed", crash, "again", "final"],
    ["that could not be taken into service", new ActivationError("busy"), "again", "final"],
    ["that computes something else here", wrongResult, "final", "final"],
    ["whose bundle is bad", error("UPDATE"), "final", "final"],
  ])("%s is classified by its cause, and by how often it was tried", (_name, cause, first, last) => {
    expect([classifyFailure(cause, early), classifyFailure(cause, late)]).toEqual([first, last]);
  });

  it("says nothing about the bundle when we stop meanwhile", () => {
    expect(classifyFailure(crash, stopping)).toBe("stopped");
  });
});
