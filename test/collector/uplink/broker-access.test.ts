import { expect, test } from "vitest";
import { createBrokerAccess } from "../../../src/collector/uplink/broker-access.ts";
import { deviceRights, gatewayRights } from "../../../src/core/contract/topic-rights.ts";

const base = "aurora/v1";
const asked = [
  ...["A", "B", "+"].flatMap((site) => [
    `turbine/${site}/+/alert`,
    `turbine/${site}/+/state`,
    `turbine/${site}/#`,
  ]),
  ...["gw", "other"].flatMap((id) =>
    ["ack", "status", "desired", "up/+", "#"].map((of) => `gateway/${id}/${of}`),
  ),
  ...["gw", "other"].flatMap((id) => [`device/${id}/+/tx`, `device/${id}/mcu/rx`, `device/${id}/#`]),
].map((filter) => `${base}/${filter}`);

test("who logs in to the embedded broker reads what the access lists let such a user read", () => {
  const { authoriseSubscribe } = createBrokerAccess({
    base,
    passwords: new Map(),
    sites: new Map([["gw", "A"]]),
    anonymousRead: true,
  });
  const heardBy = (username: string | null): readonly string[] =>
    asked.filter((filter) =>
      authoriseSubscribe(
        { clientId: "c", username, certificateName: null, isInternal: false, address: "" },
        filter,
      ),
    );
  const own = gatewayRights(base, "gw", "A").subscribe;
  expect(heardBy("gw")).toEqual(asked.filter((filter) => own.includes(filter)));
  expect(heardBy("gw")).toContain(`${base}/turbine/A/+/state`);
  expect(heardBy("gw/mcu")).toEqual(deviceRights(base, "gw", "mcu").subscribe);
  expect(heardBy(null)).toEqual(asked.filter((filter) => /turbine.*(alert|state)$/.test(filter)));
});
