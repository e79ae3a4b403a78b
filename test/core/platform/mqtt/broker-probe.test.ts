import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { enrolGateways } from "../../../../src/cli/fleet/enrol-gateways.ts";
import { createTopics } from "../../../../src/core/contract/topics.ts";
import { readBrokerLogin } from "../../../../src/core/platform/mqtt/broker-login.ts";
import { probeBroker } from "../../../../src/core/platform/mqtt/broker-probe.ts";
import { createEmbeddedBroker } from "../../../../src/core/platform/mqtt/embedded-broker.ts";
import { findFreePort } from "../../../support/free-port.ts";
import { hasMosquitto, startMosquitto } from "../../../support/mosquitto.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

const topic = createTopics("aurora/v1").ack("aurora-probe");

/** A mosquitto with these lines in its configuration, in which `DIR` is the folder of an enrolment; and gw-1's login. */
async function begin(...lines: readonly string[]) {
  const dir = createTemporaryFolder();
  const gateways = [{ id: "gw-1", site: null, devices: [], readTopics: [] }];
  await enrolGateways({ dir, gateways, base: null, tlsHost: null, days: 1, nowMs: Date.now() });
  const brokerDir = join(dir, "broker");
  writeFileSync(join(brokerDir, "open.acl"), "topic readwrite #\n");
  const broker = await startMosquitto(
    await findFreePort(),
    ["user root", ...lines].map((line) => line.replace("DIR", brokerDir)),
  );
  onTestFinished(() => broker.close());
  const none = { caFile: null, certFile: null, keyFile: null };
  const passwordFile = join(dir, "gateways", "gw-1", "mqtt.password");
  const login = await readBrokerLogin({ ...none, username: "gw-1", passwordFile });
  return { url: `mqtt://127.0.0.1:${broker.port}`, topic, login };
}

const passwords = ["allow_anonymous false", "password_file DIR/mosquitto.passwd"];

describe.skipIf(!hasMosquitto)(`a probe of mosquitto${hasMosquitto ? "" : " (not installed)"}`, () => {
  test.each([
    ["nothing", [], ["own-login", "anybody"]],
    ["passwords and no access list", passwords, ["own-login"]],
    ["passwords and the access list of the enrolment", [...passwords, "acl_file DIR/mosquitto.acl"], []],
    [
      "an access list for users that leaves anybody everything",
      ["allow_anonymous true", "password_file DIR/mosquitto.passwd", "acl_file DIR/open.acl"],
      ["anybody"],
    ],
  ])("with %s finds who is let through", async (_what, lines, found) => {
    const around = await begin(...lines);
    expect(await probeBroker({ ...around, includesOwn: true })).toEqual(found);
    const anybody = found.filter((who) => who === "anybody");
    expect(await probeBroker({ ...around, includesOwn: false })).toEqual(anybody);
  });

  test("tells a gateway without a login that anybody may do what it may", async () => {
    const around = await begin();
    expect(await probeBroker({ ...around, login: {}, includesOwn: true })).toEqual(["anybody"]);
  });
});

test("a broker of MQTT 3.1.1, which cannot say that it refused, is left in peace; so is one that is not there", async () => {
  const refused: string[] = [];
  const broker = await createEmbeddedBroker({
    authenticate: () => true,
    authorisePublish: (_client, asked) => {
      refused.push(asked);
      return false;
    },
  });
  const url = `mqtt://127.0.0.1:${broker.port}`;
  // An attempt that fails is over, whatever time it may take.
  const probe = (): ReturnType<typeof probeBroker> =>
    probeBroker({ url, topic, login: {}, includesOwn: true, timeoutMs: 600_000 });
  expect(await probe()).toEqual([]);
  expect(refused).toEqual([]);
  await broker.close();
  expect(await probe()).toEqual([]);
});
