/**
 * What people ask for over the collector: a recording of a point from now on, where the configuration permits it. A few
 * may wait; the same one twice is one. What is refused is said, with the reason.
 */
import type { EvidenceRequest } from "../../core/contract/evidence.ts";
import type { Recording } from "../devices/recording.ts";

interface EvidenceRequestsOptions {
  readonly gateway: string;
  readonly isAllowed: boolean;
  isPoint(turbine: string, component: string): boolean;
  /** Records a point; rejects when that does not work now. */
  record(request: EvidenceRequest): Promise<Recording>;
  onRecording(recording: Recording, request: EvidenceRequest): Promise<void>;
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
  const seen = new Set<string>();
  const waiting: EvidenceRequest[] = [];
  let isWorking = false;
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
    return waiting.length >= maxWaiting ? "too many requests wait" : null;
  };
  const work = async (): Promise<void> => {
    isWorking = true;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        await options.onRecording(await options.record(next), next);
      } catch (error) {
        refuse(next, error instanceof Error ? error.message : String(error));
      }
    }
    isWorking = false;
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
      waiting.push(request);
      if (!isWorking) void work();
    },
    get received() {
      return received;
    },
    get refused() {
      return refused;
    },
  };
}
