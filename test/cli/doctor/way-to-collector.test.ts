import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { checkBroker } from "../../../src/cli/doctor/check-broker.ts";
import { checkCollector } from "../../../src/cli/doctor/check-collector.ts";
import { collectorConfigSchema } from "../../../src/core/contract/config/collector-config.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { deriveAckKey } from "../../../src/core/platform/seal-orders.ts";
import { startRefusingBroker } from "../../gateway/refusing-broker.ts";
import { findFreePort } from "../../support/free-port.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { startCollector } from "../../support/whole-collector.ts";

const key = "5a".repeat(32);

async function startSite() {
  const folder = createTemporaryFolder();
  const port = await findFreePort();
  const passwordFile = join(folder, "password");
  const enrolmentKeyFile = join(folder, "enrolment.key");
  const ackKeyFile = join(folder, "ack.key");
  writeFileSync(passwordFile, "correct horse");
  writeFileSync(enrolmentKeyFile, key);
  writeFileSync(ackKeyFile, Buffer.from(deriveAckKey(Buffer.from(key, "hex"), "gw-1")).toString("hex"));
  const collector = await startCollector(
    collectorConfigSchema().parse({
      collector: { stateDir: join(folder, "state"), httpPort: 0 },
      mqtt: { enrolmentKeyFile, embedded: { port, gateways: [{ id: "gw-1", site: "north", passwordFile }] } },
    }),
    { logger: silentLogger },
  );
  onTestFinished(() => collector.close());
  const configure = (mqtt: object = {}, uplink: object = { ackKeyFile }) =>
    gatewayConfigSchema().parse({
      gateway: { id: "gw-1", site: "north" },
      mqtt: { url: `mqtt://127.0.0.1:${port}`, username: "gw-1", passwordFile, ...mqtt },
      turbines: [{ id: "WT01" }],
      uplink,
    });
  return { folder, collector, configure };
}

test("a record that says it is a test is stored, one at each call, and by the collector of the enrolment", async () => {
  const { folder, collector, configure } = await startSite();
  const look = async (uplink?: object) => {
    const config = configure({}, uplink);
    const { results, client } = await checkBroker(config, undefined);
    expect(results.map(({ verdict }) => verdict)).toEqual(["good", "good", "skipped"]);
    try {
      return await checkCollector(config, client!);
    } finally {
      await client!.close();
    }
  };
  for (let call = 0; call < 3; call++) {
    const [stored, clock] = await look();
    expect(stored).toMatchObject({
      verdict: "good",
      text: expect.stringMatching(/^a test record was stored/),
    });
    expect(clock).toMatchObject({ verdict: "good", name: "clock and that of the collector" });
  }
  const event = { name: "doctor.test", gateway: "gw-1", subject: "gw-1" };
  expect(await (await fetch(`${collector.url}/api/v1/events`)).json()).toMatchObject({
    total: 3,
    items: [event, event, event],
  });

  const foreign = join(folder, "foreign.key");
  writeFileSync(foreign, "a5".repeat(32));
  expect((await look({ ackKeyFile: foreign }))[0]).toMatchObject({
    verdict: "bad",
    text: "the answer is not sealed by this gateway's enrolment",
  });
  expect((await look({}))[1]).toMatchObject({ verdict: "warning", name: "acknowledgements" });
});

test("a broker that takes but small packets is told of", async () => {
  const port = await findFreePort();
  await startRefusingBroker(port, () => false);
  const { results, client } = await checkBroker(
    gatewayConfigSchema().parse({
      gateway: { id: "gw-1", site: "north" },
      mqtt: { url: `mqtt://127.0.0.1:${port}` },
      turbines: [{ id: "WT01" }],
    }),
    undefined,
  );
  await client?.close();
  expect(results.find(({ name }) => name === "broker's limit")).toMatchObject({
    verdict: "bad",
    text: "takes packets of 3840 bytes at most: not even an alert passes",
  });
});

test("a broker that is not there, another login and TLS where none is spoken are told apart, with no secret", async () => {
  const { configure } = await startSite();
  const closed = await checkBroker(configure({ url: `mqtt://127.0.0.1:${await findFreePort()}` }), undefined);
  expect(closed.results).toMatchObject([{ verdict: "bad", text: expect.stringContaining("ECONNREFUSED") }]);
  const login = await checkBroker(configure(), "a wrong horse");
  expect(login.client).toBeNull();
  expect(login.results).toMatchObject([
    { verdict: "good" },
    {
      verdict: "bad",
      text: expect.stringMatching(/^as gw-1: .*user name or password|^as gw-1: .*username/i),
    },
  ]);
  const { url } = configure().mqtt;
  const tls = await checkBroker(configure({ url: url.replace("mqtt:", "mqtts:") }), undefined);
  expect(tls.results).toMatchObject([
    {
      verdict: "bad",
      name: "broker, TLS",
      text: expect.stringContaining("perhaps no TLS is spoken on this port, or it takes no more clients"),
    },
  ]);
  expect(JSON.stringify([closed, login, tls])).not.toContain("horse");
});
