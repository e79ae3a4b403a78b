import { describe, expect, test } from "vitest";
import type { UplinkAck } from "../../../src/core/contract/uplink-record.ts";
import { deriveAckKey, isSealedAck, sealAck } from "../../../src/core/platform/seal-orders.ts";
import { encodeUplinkAck } from "../../../src/core/wire/uplink-ack.ts";
import { createAckGuard } from "../../../src/gateway/record/ack-guard.ts";

const installation = new Uint8Array(32).fill(7);
const key = deriveAckKey(installation, "gw-1");
const ack: UplinkAck = { bootId: "b", lane: "alert", sequence: 5 };
const isAuthentic = (given: UplinkAck): boolean => isSealedAck(key, "gw-1", given);
const now = { bootId: "b", nowMs: 0 };

describe("an acknowledgement's code", () => {
  test("is of one gateway, life, lane and sequence, and of nothing else", () => {
    const sealed = sealAck(key, "gw-1", ack);
    expect(isAuthentic(sealed)).toBe(true);
    for (const changed of [
      { sequence: 6 },
      { bootId: "c" },
      { lane: "update" as const },
      { mac: undefined },
      { mac: "00".repeat(32) },
      { mac: sealed.mac!.slice(2) },
    ])
      expect(isAuthentic({ ...sealed, ...changed })).toBe(false);
    const other = deriveAckKey(installation, "gw-2");
    expect(isSealedAck(other, "gw-2", sealed)).toBe(false);
    expect(isAuthentic(sealAck(other, "gw-1", ack))).toBe(false);
    // A golden value: keys of an enrolment outlive a version.
    expect(sealed.mac).toBe("36b37e891ebcc5d42d837cf009beced9a71ff73b811b38ced91c8cf2f1dc6163");
  });

  test("travels with it, and one without stays what it was", () => {
    const guard = createAckGuard({ isAuthentic });
    expect(guard.admit(encodeUplinkAck(sealAck(key, "gw-1", ack)), now)).toMatchObject(ack);
    expect(new TextDecoder().decode(encodeUplinkAck(ack))).toBe('{"bootId":"b","lane":"alert","sequence":5}');
  });
});

describe("a guard of acknowledgements", () => {
  test("refuses every one without the right code once there is a key, and takes all without a key", () => {
    const guard = createAckGuard({ isAuthentic });
    expect(guard.admit(encodeUplinkAck(ack), now)).toBeNull();
    expect(guard.admit(encodeUplinkAck({ ...ack, mac: "ab".repeat(32) }), now)).toBeNull();
    expect(guard.counts()).toEqual({ acksReceived: 0, acksIgnored: 0, acksRefused: 2 });
    expect(createAckGuard({}).admit(encodeUplinkAck(ack), now)).toMatchObject(ack);
  });

  test("passes over a code that is no code, other lives, and rubbish", () => {
    const guard = createAckGuard({ isAuthentic });
    const say = (text: string) => guard.admit(new TextEncoder().encode(text), now);
    expect(say('{"bootId":"b","lane":"alert","sequence":5,"mac":"zz"}')).toBeNull();
    expect(say("rubbish")).toBeNull();
    const foreign = sealAck(key, "gw-1", { ...ack, bootId: "other" });
    expect(guard.admit(encodeUplinkAck(foreign), now)).toBeNull();
    expect(guard.counts()).toEqual({ acksReceived: 0, acksIgnored: 3, acksRefused: 0 });
  });

  test("passes over a replayed one, and takes the newest again", () => {
    const guard = createAckGuard({ isAuthentic });
    guard.gaveOut("alert", 9);
    const sealed = (sequence: number) => encodeUplinkAck(sealAck(key, "gw-1", { ...ack, sequence }));
    expect(guard.admit(sealed(8), now)?.sequence).toBe(8);
    expect(guard.admit(sealed(5), now)).toBeNull();
    expect(guard.admit(sealed(8), now)?.sequence).toBe(8);
    expect(guard.counts()).toEqual({ acksReceived: 2, acksIgnored: 1, acksRefused: 0 });
  });

  test("lets the outbox begin a new life once an hour at most", () => {
    const guard = createAckGuard({});
    const far = (bootId: string, nowMs: number) =>
      guard.admit(encodeUplinkAck({ bootId, lane: "alert", sequence: 1_000 }), { bootId, nowMs });
    guard.gaveOut("alert", 3);
    expect(far("b", 0)).not.toBeNull();
    guard.renewed(0);
    guard.forget();
    expect(far("c", 1_000)).toBeNull();
    expect(
      guard.admit(encodeUplinkAck({ ...ack, bootId: "c", sequence: 0 }), { bootId: "c", nowMs: 2_000 }),
    ).not.toBeNull();
    expect(far("c", 3_600_000)).not.toBeNull();
  });
});
