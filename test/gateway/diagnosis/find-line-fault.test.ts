import { expect, test } from "vitest";
import { createDeviceContact, type DeviceContact } from "../../../src/gateway/diagnosis/device-contact.ts";
import { createDeviceObserver } from "../../../src/gateway/diagnosis/device-observer.ts";
import { diagnoseDevice } from "../../../src/gateway/diagnosis/diagnose-device.ts";
import { stillLink } from "../devices/device-hello.ts";

/** What is said after half a minute in which each second brings so much. */
function diagnose(
  state: Parameters<DeviceContact["become"]>[0],
  each: {
    readonly bytes: number;
    readonly frames?: number;
    readonly badFrames?: number;
    readonly lostFrames?: number;
  },
) {
  const observer = createDeviceObserver({
    infersItself: false,
    isOverMqtt: false,
    expected: [],
    operation: { standbyBelowRpm: 300, dataTimeoutSeconds: 60 },
  });
  const contact = createDeviceContact(0);
  contact.become(state, { reason: "connected", hint: "" }, 0);
  let found: ReturnType<typeof diagnoseDevice> = new Map();
  for (let second = 0; second <= 30; second++) {
    const { bytes, frames = 0, badFrames = 0, lostFrames = 0 } = each;
    const totals = {
      ...stillLink,
      bytes: bytes * second,
      frames: frames * second,
      badFrames: badFrames * second,
      lostFrames: lostFrames * second,
    };
    found = diagnoseDevice(observer.read(contact.read(second * 1000), totals, second * 1000));
  }
  return found;
}

test("bytes of which none is a frame are told apart from a line that is silent", () => {
  const console = diagnose("waiting-for-hello", { bytes: 40 }).get("no-contact");
  expect(console?.text).toBe("bytes come, but none is a frame");
  expect(console?.cure).toMatch(/`baud`.*fuser PORT.*serial-getty/);
  const silent = diagnose("waiting-for-hello", { bytes: 0 }).get("no-contact");
  expect(silent?.text).toMatch(/the line is open, but no device says hello/);
});

test("what comes between frames that all arrive is no damaged frame", () => {
  const text = diagnose("established", { bytes: 900, frames: 25, badFrames: 5 }).get("frames-damaged");
  expect(text?.text).toBe("something that is no frame comes between the frames");
  expect(text?.cure).toMatch(/console/);
  const damage = { bytes: 900, frames: 25, badFrames: 5, lostFrames: 5 };
  expect(diagnose("established", damage).get("frames-damaged")?.text).toBe(
    "17 % of the frames arrive damaged",
  );
});
