/**
 * What people ask for over the collector: a recording of a point from now on, where the configuration permits it. A few
 * may wait; the same one twice is one. What is refused is said, with the reason.
 */
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import type { EvidenceRequest } from "../../core/contract/evidence.ts";
import { createWorkQueue } from "../../core/platform/work-queue.ts";
import type { Recording } from "../devices/recording.ts";

interface EvidenceRequestsOptions {
  readonly gateway: string;
  readonly isAllowed: boolean;
  /** Ids that earlier runs have received and that may be told again. */
  readonly known: Iterable<string>;
  isPoint(turbine: string, component: string): boolean;
  /** Throws where what is asked of a point can never be had. */
  check(request: EvidenceRequest): void;
  /** Records a point; rejects when that does not work now. */
  record(request: EvidenceRequest): Promise<Recording>;
  /** Resolves with whether it is kept. */
  onRecording(recording: Recording, request: EvidenceRequest): Promise<boolean>;
  /** It will be answered, or refused. */
  onAccepted(request: EvidenceRequest): void;
  onRefused(request: EvidenceRequest, reason: string): void;
}

interface EvidenceRequests {
  receive(request: EvidenceRequest): void;
  readonly received: number;
  readonly refused: number;
}

const maxWaiting = 8;
const remembered = 256;

export function createEvidenceRequests(options: EvidenceRequestsOptions): EvidenceRequests {
  const seen = new Set(options.known);
  const queue = createWorkQueue();
  let waiting = 0;
  let received = 0;
  let refused = 0;

  const refuse = (request: EvidenceRequest, reason: string): void => {
    refused++;
    options.onRefused(request, reason);
  };
  const findFault = (request: EvidenceRequest): string | null => {
    if (request.gateway !== options.gateway) return "it is for another gateway";
    if (!options.isAllowed) return "this gateway's configuration does not permit it (evidence.allow)";
    const { turbine, component } = request;
    if (!options.isPoint(turbine, component)) return `there is no point ${turbine} ${component}`;
    try {
      options.check(request);
    } catch (error) {
      return describe(error);
    }
    return waiting >= maxWaiting ? "too many requests wait" : null;
  };
  const answer = async (request: EvidenceRequest): Promise<void> => {
    waiting--;
    try {
      const isKept = await options.onRecording(await options.record(request), request);
      if (!isKept) refuse(request, "its samples could not be kept until they are sent");
    } catch (error) {
      refuse(request, describe(error));
    }
  };

  return {
    receive: (request) => {
      if (seen.has(request.id)) return;
      seen.add(request.id);
      if (seen.size > remembered) seen.delete(seen.values().next().value!);
      received++;
      const fault = findFault(request);
      if (fault !== null) {
        refuse(request, fault);
        return;
      }
      waiting++;
      options.onAccepted(request);
      void queue.run(() => answer(request));
    },
    get received() {
      return received;
    },
    get refused() {
      return refused;
    },
  };
}

/** With what helps, where a request asks for what cannot be: whoever asked reads no log of this gateway. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return hasErrorCode(error, "USAGE") && error.hint !== undefined
    ? `${error.message}. ${error.hint}`
    : error.message;
}
