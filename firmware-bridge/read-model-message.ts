/** Checks the messages about models, field by field; a bad one is a value. */
import type {
  ModelRequestMessage,
  ModelState,
  ModelStatusMessage,
} from "../src/contract/device-model-message.ts";
import type { Result } from "../src/contract/result.ts";
import { failed, ok } from "../src/contract/result.ts";

/** A message about models, either way. */
export type ModelMessage = ModelRequestMessage | ModelStatusMessage;

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
export function readModelMessage(
  type: ModelMessage["type"],
  fields: Record<string, unknown>,
): Result<ModelMessage, string> {
  if (fields.transferId === 0) return failed("transfer_id is 0, nobody's transfer");
  switch (type) {
    case "model-begin": {
      const { transferId, name, version, sizeBytes, sha256, securityCounter, mac } =
        fields as unknown as Extract<ModelMessage, { type: "model-begin" }>;
      if (!isLabel(name)) return failed("ModelBegin.name does not have 1 to 63 bytes");
      if (!isLabel(version)) return failed("ModelBegin.version does not have 1 to 63 bytes");
      if (sizeBytes === 0) return failed("ModelBegin.size_bytes is 0");
      if (sha256.length !== digestBytes)
        return failed(`ModelBegin.sha256 has ${sha256.length} bytes, not 32`);
      if (mac.length !== digestBytes) return failed(`ModelBegin.mac has ${mac.length} bytes, not 32`);
      return ok({ type, transferId, name, version, sizeBytes, sha256, securityCounter, mac });
    }
    case "model-chunk": {
      const { transferId, offset, data } = fields as unknown as Extract<
        ModelMessage,
        { type: "model-chunk" }
      >;
      if (data.length === 0) return failed("ModelChunk.data is empty");
      return ok({ type, transferId, offset, data });
    }
    case "model-commit":
      return ok({ type, transferId: fields.transferId as number });
    case "model-probe": {
      const { transferId, index, inputs } = fields as unknown as Extract<
        ModelMessage,
        { type: "model-probe" }
      >;
      if (inputs.length === 0) return failed("ModelProbe.inputs is empty");
      return ok({ type, transferId, index, inputs });
    }
    case "model-confirm": {
      const outcome = modelOutcomes[fields.outcome as number];
      if (outcome === undefined)
        return failed(`ModelConfirm.outcome is ${String(fields.outcome)}, not 1 or 2`);
      return ok({ type, transferId: fields.transferId as number, outcome });
    }
    case "model-status": {
      const { transferId, nextOffset, probe, outputs, reason } =
        fields as unknown as Required<ModelStatusMessage>;
      const state = modelStates[fields.state as number];
      if (state === undefined) return failed(`ModelStatus.state is ${String(fields.state)}, not 1 to 5`);
      return ok({
        type,
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
