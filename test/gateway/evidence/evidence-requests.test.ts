import { expect, test } from "vitest";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import type { EvidenceRequest } from "../../../src/core/contract/evidence.ts";
import type { Recording } from "../../../src/gateway/devices/recording.ts";
import { createEvidenceRequests } from "../../../src/gateway/evidence/evidence-requests.ts";
import { until } from "../../support/until.ts";

function request(id: string): EvidenceRequest {
  const place = { gateway: "gw-1", site: "north", turbine: "WT01", component: "generator-bearing" };
  return { type: "request", id, ...place, seconds: 1, askedMs: 0 } as EvidenceRequest;
}

test("requests are answered one after the other, a few wait, and who gets no samples hears why", async () => {
  const answered: string[] = [];
  const refused: string[] = [];
  const accepted: string[] = [];
  let goOn = (): void => {};
  const requests = createEvidenceRequests({
    gateway: "gw-1",
    isAllowed: true,
    known: ["0"],
    isPoint: () => true,
    check: () => {},
    record: ({ id }) =>
      new Promise((resolve, reject) => {
        answered.push(id);
        goOn = () => (id === "2" ? reject(new Error("no contact")) : resolve({} as Recording));
      }),
    onRecording: async (_recording, { id }) => id !== "3",
    onAccepted: ({ id }) => void accepted.push(id),
    onRefused: ({ id }, reason) => void refused.push(`${id}: ${reason}`),
  });
  requests.receive(request("0"));
  requests.receive(request("1"));
  requests.receive(request("1"));
  await until(() => answered.length === 1, "the first");
  for (let id = 2; id < 11; id++) requests.receive(request(String(id)));
  expect([requests.received, refused]).toEqual([10, ["10: too many requests wait"]]);
  for (let count = 1; count < 9; count++) {
    goOn();
    await until(() => answered.length === count + 1, "the next");
  }
  expect(answered).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  expect(accepted).toEqual(answered);
  const reasons = ["2: no contact", "3: its samples could not be kept until they are sent"];
  expect(refused.slice(1)).toEqual(reasons);
  expect(requests.refused).toBe(3);
});

test("what can never be had is refused before anything is accepted, with what helps", () => {
  const refused: string[] = [];
  const accepted: string[] = [];
  const details = { op: "capture raw samples", hint: "Ask for at most 9 seconds." };
  const requests = createEvidenceRequests({
    gateway: "gw-1",
    isAllowed: true,
    known: [],
    isPoint: () => true,
    check: () => {
      throw new AuroraError("USAGE", "20 s are too many samples", details);
    },
    record: () => Promise.reject(new Error("nothing is recorded")),
    onRecording: async () => true,
    onAccepted: ({ id }) => void accepted.push(id),
    onRefused: (_, reason) => void refused.push(reason),
  });
  requests.receive(request("1"));
  expect(refused).toEqual(["20 s are too many samples. Ask for at most 9 seconds."]);
  expect(accepted).toEqual([]);
});
