/** Checks the messages about models, field by field; a bad one is a value. */
import type {
  ModelRequestMessage,
  ModelState,
  ModelStatusMessage,
} from "../../src/core/contract/device/device-message.ts";
import { failed, ok, type Result } from "../../src/core/contract/result.ts";
import type { DecodedFields } from "./device-schema.ts";

/** A message about models, either way. */
type ModelMessage = ModelRequestMessage | ModelStatusMessage;

/** Wire values of the states, by index. */
export const modelStates: readonly (ModelState | undefined)[] = [
  undefined,
  "receiving",
  "trial",
  "confirmed",
  "reverted",
  "refused",
];

/** Wire values of the verdicts, by index. */
export const modelOutcomes: readonly ("confirmed" | "reverted" | undefined)[] = [
  undefined,
  "confirmed",
  "reverted",
];

const digestBytes = 32;
const maxTextBytes = 63;

/** The message in the decoded fields of the schema's, or what is wrong with it. */
export function readModelMessage(decoded: DecodedFields<ModelMessage["type"]>): Result<ModelMessage, string> {
  const { transferId } = decoded.fields;
  if (transferId === 0) return failed("transfer_id is 0, which names no transfer");
  switch (decoded.type) {
    case "model-begin": {
      const { name, version, sizeBytes, sha256, securityCounter, mac } = decoded.fields;
      if (!isLabel(name)) return failed("ModelBegin.name does not have 1 to 63 bytes");
      if (!isLabel(version)) return failed("ModelBegin.version does not have 1 to 63 bytes");
      if (sizeBytes === 0) return failed("ModelBegin.size_bytes is 0");
      if (sha256.length !== digestBytes)
        return failed(`ModelBegin.sha256 has ${sha256.length} bytes, not 32`);
      if (mac.length !== digestBytes) return failed(`ModelBegin.mac has ${mac.length} bytes, not 32`);
      return ok({ type: "model-begin", transferId, name, version, sizeBytes, sha256, securityCounter, mac });
    }
    case "model-chunk": {
      const { offset, data } = decoded.fields;
      if (data.length === 0) return failed("ModelChunk.data is empty");
      return ok({ type: "model-chunk", transferId, offset, data });
    }
    case "model-commit":
      return ok({ type: "model-commit", transferId });
    case "model-probe": {
      const { index, inputs } = decoded.fields;
      if (inputs.length === 0) return failed("ModelProbe.inputs is empty");
      return ok({ type: "model-probe", transferId, index, inputs });
    }
    case "model-confirm": {
      const outcome = modelOutcomes[decoded.fields.outcome];
      if (outcome === undefined)
        return failed(`ModelConfirm.outcome is ${decoded.fields.outcome}, not 1 or 2`);
      return ok({ type: "model-confirm", transferId, outcome });
    }
    case "model-status": {
      const { nextOffset, probe, outputs, reason } = decoded.fields;
      const state = modelStates[decoded.fields.state];
      if (state === undefined) return failed(`ModelStatus.state is ${decoded.fields.state}, not 1 to 5`);
      return ok({
        type: "model-status",
        transferId,
        state,
        nextOffset,
        ...(outputs.length > 0 ? { probe, outputs } : {}),
        reason,
      });
    }
  }
}

function isLabel(text: string): boolean {
  return text !== "" && Buffer.byteLength(text) <= maxTextBytes;
}
