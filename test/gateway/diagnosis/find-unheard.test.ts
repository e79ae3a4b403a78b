import { describe, expect, test } from "vitest";
import { createDeviceContact } from "../../../src/gateway/diagnosis/device-contact.ts";
import { type ModelStanding, unknownModel } from "../../../src/gateway/diagnosis/device-facts.ts";
import { createDeviceObserver, type DeviceObserver } from "../../../src/gateway/diagnosis/device-observer.ts";
import { diagnoseDevice } from "../../../src/gateway/diagnosis/diagnose-device.ts";
import { createHello, stillLink } from "../devices/device-hello.ts";

const hello = createHello();

/** A device that took its configuration at 0 s. */
function create(model: Partial<ModelStanding>, infersItself = true) {
  const observer = createDeviceObserver({
    infersItself,
    isOverMqtt: false,
    expected: ["accel-de"],
    operation: { standbyBelowRpm: 300, dataTimeoutSeconds: 60 },
  });
  const contact = createDeviceContact(0);
  contact.become("established", { reason: "the device introduced itself", hint: "" }, 0);
  contact.configured();
  observer.hello(hello, 0);
  observer.model = { ...unknownModel, ...model };
  return { observer, contact, at: (seconds: number) => diagnose(observer, contact, seconds) };
}

function diagnose(
  observer: DeviceObserver,
  contact: ReturnType<typeof createDeviceContact>,
  seconds: number,
): ReadonlyMap<string, { readonly text: string; readonly cure: string }> {
  const facts = observer.read(contact.read(seconds * 1000), stillLink, seconds * 1000);
  return new Map([...diagnoseDevice(facts)].flatMap(([code, found]) => (found ? [[code, found]] : [])));
}

function setAsideScore(observer: DeviceObserver, seconds: number): void {
  const detail = 'a score of bearing-test "2.0.0", which this gateway does not know';
  const quarantine = { reason: "unknown-model", deviceId: "mcu-1", channel: "accel-de", detail } as const;
  const arrival = { arrivedMs: 1_700_000_000_000 + seconds * 1000, arrivedMonotonicMs: seconds * 1000 };
  const score = { type: "score", channel: 0, timestampUs: 0, modelVersion: "2.0.0" } as const;
  observer.score({ ...score, quantised: Uint8Array.of(1), sampleCount: 12_000 }, hello.channels[0]!, arrival);
  observer.setAside({ ...quarantine, timestampMs: 0, samples: 12_000 }, seconds * 1000);
}

describe("a device that shall infer", () => {
  test("and has no model is named, with a cure that says where one comes from", () => {
    const keyless = create({ runs: null });
    expect([...keyless.at(10).keys()]).toEqual([]);
    expect([...keyless.at(20).keys()]).toEqual(["no-model"]);
    expect(keyless.at(20).get("no-model")!.cure).toMatch(/keyFile.*flash it with an image.*mode raw/);
    expect(create({ runs: null, hasKey: true }).at(20).get("no-model")!.cure).toMatch(
      /^Its bundle has no image/,
    );
  });

  test("is not missed a model while one is on its way, or where the gateway infers", () => {
    expect([...create({ runs: null, hasKey: true, isPushed: true }).at(60).keys()]).toEqual([]);
    expect([...create({ runs: null }, false).at(20).keys()]).toEqual([]);
    const scoring = create({ runs: null });
    scoring.observer.scored(3);
    expect([...scoring.at(60).keys()]).toEqual([]);
  });

  test("and never scores is named where its speed is stated and not measured", () => {
    const stated = create({ runs: "1.0.0", statesSpeed: true });
    expect([...stated.at(60).keys()]).toEqual([]);
    stated.observer.scored(0);
    expect([...stated.at(30).keys()]).toEqual([]);
    const { text, cure } = stated.at(60).get("no-scores")!;
    expect(text).toMatch(/never sent a score; `shaftRpm` .* not used in mode edge/);
    expect(cure).toMatch(/tachometer, or use mode raw/);
    // A turbine may stand for days.
    expect([...create({ runs: "1.0.0" }).at(600).keys()]).toEqual([]);
    stated.observer.scored(1);
    expect([...stated.at(61).keys()]).toEqual([]);
    // Another boot has scored nothing yet.
    stated.observer.hello({ ...hello, sessionId: 8 }, 62_000);
    stated.observer.scored(0);
    expect([...stated.at(120).keys()]).toEqual(["no-scores"]);
    // One that tells its speed may stand.
    const speed = { name: "speed", unit: "rpm", sampleRateHz: 0, scale: 1 };
    stated.observer.hello({ ...hello, sessionId: 8, channels: [...hello.channels, speed] }, 121_000);
    expect([...stated.at(180).keys()]).toEqual([]);
  });

  test("and has a newer model than the gateway is not to be given the older one, which it refuses", () => {
    const model = { runs: "2.0.0", serves: "1.0.0", hasKey: true };
    for (const isNewer of [true, false]) {
      const { observer, at } = create({ ...model, isNewer });
      for (let second = 1; second < 30; second++) setAsideScore(observer, second);
      const cure = at(30).get("set-aside")!.cure;
      if (isNewer)
        expect(cure).toMatch(/update this gateway to 2\.0\.0, or publish 1\.0\.0 again under a higher/);
      else expect(cure).toMatch(/^Push the model that serves here/);
    }
    const { observer, at } = create({ ...model, isNewer: true });
    observer.modelTrouble = {
      text: "bearing-test 1.0.0: its security counter is lower",
      cure: "Push another.",
    };
    expect(at(30).get("model-push")!.cure).toMatch(/update this gateway to 2\.0\.0/);
  });
});

describe("a connection that the other side ends", () => {
  test("again and again is asked after another gateway, and is no line that is too small", () => {
    const { observer, contact } = create({}, false);
    let lostFrames = 0;
    const read = (seconds: number) => {
      lostFrames += 20;
      const all = { ...stillLink, frames: seconds * 30, lostFrames };
      const facts = observer.read(contact.read(seconds * 1000), all, seconds * 1000);
      return new Map([...diagnoseDevice(facts)].flatMap(([code, found]) => (found ? [[code, found]] : [])));
    };
    observer.read(contact.read(0), stillLink, 0);
    for (let second = 3; second < 30; second += 3) {
      contact.become(
        "connecting",
        { reason: "the other side closed the connection", hint: "" },
        second * 1000,
      );
      contact.become("waiting-for-hello", { reason: "connected", hint: "" }, second * 1000 + 100);
      contact.become("established", { reason: "the device is back", hint: "" }, second * 1000 + 200);
      const found = read(second + 1);
      expect(found.has("frames-lost")).toBe(false);
      expect(found.has("connection-ends")).toBe(second >= 9);
    }
    const { text, cure } = read(31).get("connection-ends")!;
    expect(text).toBe(
      "connections are ended again and again, 9 times in 1 min: the other side closed the connection",
    );
    expect(cure).toMatch(/^Does another gateway, or another program, connect to this address\?/);
    expect(read(100).has("connection-ends")).toBe(false);
  });

  test("of a device that introduces itself again and again is named before a line that is too slow", () => {
    const { observer, contact } = create({}, false);
    const facts = observer.read(contact.read(60_000), stillLink, 60_000);
    const often = (count: number) => ({ count, isHabit: true });
    const diagnose = (hellos: number, isOverMqtt = false) => {
      const recent = { ...facts.recent, samples: often(170), missing: often(830), hellos: often(hellos) };
      return diagnoseDevice({ ...facts, isOverMqtt, recent }).get("samples-missing")!;
    };
    expect(diagnose(2)).toEqual({
      text: "83 % of the samples are missing between frames that all arrive",
      cure: expect.stringMatching(/^The device measures more than it can send/),
    });
    expect(diagnose(3, true)).toEqual({
      text: "83 % of the samples are missing between frames that all arrive, and it introduced itself 3 times in half a minute",
      cure: expect.stringMatching(/^Its connection does not last.*another client with its client id/),
    });
    expect(diagnose(3)!.cure).toBe(
      "Its connection does not last, and what is measured meanwhile is lost. Look at its line and its plug, and at what restarts its link.",
    );
  });

  test("once, or that this gateway ends, is nothing", () => {
    const { contact, at } = create({}, false);
    for (let second = 3; second < 30; second += 3) {
      const why = second === 3 ? "read ECONNRESET" : "nothing was heard for 15000 ms";
      contact.become("connecting", { reason: why, hint: "" }, second * 1000);
      contact.become("established", { reason: "the device is back", hint: "" }, second * 1000 + 200);
    }
    expect(at(31).has("connection-ends")).toBe(false);
  });
});
