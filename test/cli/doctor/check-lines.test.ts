/** The two steps of a look at lines: what answers, and the sessions with secured OPC UA servers. */
import { mkdirSync, writeFileSync } from "node:fs";
import Module from "node:module";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { checkLines, limitLines } from "../../../src/cli/doctor/check-lines.ts";
import { type FoundGateway, findGateway, judgeRunning } from "../../../src/cli/doctor/find-gateway.ts";
import { issueCertificate } from "../../../src/cli/fleet/issue-certificate.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { opcuaPackage, refusePackage } from "../../../src/core/contract/config/optional-packages.ts";
import type { OpenOpcUa } from "../../../src/gateway/sources/opcua-client.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

/** Listens, and hands over each connection. */
async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    onSocket(socket);
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** The answer to a greeting (OPC 10000-6, 7.1.2.4). */
function acknowledge(socket: Socket): void {
  const words = Buffer.alloc(28);
  words.write("ACKF", 0, "latin1");
  for (const [index, word] of [28, 0, 65_536, 65_536, 0, 0].entries())
    words.writeUInt32LE(word, 4 + 4 * index);
  socket.write(words);
}

/** One server of each port; those of `plainPorts` have no security. */
function configure(securedPorts: readonly number[], plainPorts: readonly number[] = []) {
  const folder = createTemporaryFolder();
  const [certFile, keyFile] = [join(folder, "own.pem"), join(folder, "own.key")];
  const { certPem, keyPem } = issueCertificate({
    name: "own",
    use: "authority",
    fromMs: Date.now(),
    days: 9,
  });
  writeFileSync(certFile, certPem);
  writeFileSync(keyFile, keyPem, { mode: 0o600 });
  const secured = { security: "sign", certFile, keyFile, trustFiles: [certFile], timeoutSeconds: 1 };
  const describe = (security: object) => (port: number) => ({
    url: `opc.tcp://127.0.0.1:${port}`,
    ...security,
    turbines: [{ turbine: "T1", channels: [{ name: `power-${port}`, node: `ns=2;s=${port}`, unit: "kW" }] }],
  });
  return gatewayConfigSchema().parse({
    gateway: { id: "gw-1", site: "north" },
    turbines: [{ id: "T1" }],
    opcua: [...securedPorts.map(describe(secured)), ...plainPorts.map(describe({ security: "none" }))],
  });
}

const answers = { verdict: "good", text: expect.stringMatching(/ answers as an OPC UA server$/) };

test("a package that takes long to load makes no other line late", async () => {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  // The other server answers once this one has been heard.
  const secured = await listen((socket) => {
    socket.once("data", () => acknowledge(socket));
    socket.once("close", release);
  });
  const other = await listen((socket) => {
    socket.once("data", () => void released.then(() => acknowledge(socket)));
  });
  const load = (): OpenOpcUa => {
    for (const endMs = performance.now() + 2_500; performance.now() < endMs; );
    return () => ({ opened: Promise.reject(new Error("BadUserAccessDenied")), close: async () => {} });
  };
  expect(await checkLines(configure([secured], [other]), { isRunning: false, load })).toMatchObject([
    { verdict: "bad", text: expect.stringMatching(/: BadUserAccessDenied$/) },
    answers,
  ]);
});

test("a session is waited for as long as the gateway waits, and what else is known of lines stays", async () => {
  const port = await listen((socket) => void socket.once("data", () => acknowledge(socket)));
  const [silent, slow] = [await listen(acknowledge), await listen(acknowledge)];
  const config = configure([silent, slow], [port]);
  const load = (): OpenOpcUa => (request, sink) => {
    const signs = request.config.url.endsWith(`:${slow}`) ? setInterval(sink.onSign, 100) : undefined;
    return { opened: new Promise(() => {}), close: async () => clearInterval(signs) };
  };
  expect(await checkLines(config, { isRunning: false, load })).toMatchObject([
    { verdict: "bad", text: expect.stringMatching(/: the server is silent$/) },
    { verdict: "bad", text: expect.stringMatching(/ opens no session within 8 s$/) },
    answers,
  ]);
  const patient = config.opcua.map((server) => ({ ...server, timeoutSeconds: 60 }));
  expect(limitLines({ opcua: patient })).toBeGreaterThan(3 * 60_000);
});

test("a package that does not load is no fault of a server", async () => {
  const port = await listen((socket) => void socket.once("data", () => acknowledge(socket)));
  const config = configure([port]);
  const load = (): never => {
    throw refusePackage(opcuaPackage, Object.assign(new Error("none"), { code: "MODULE_NOT_FOUND" }));
  };
  expect((await checkLines(config, { isRunning: false, load }))[0]).toMatchObject(answers);
  // One that is there, and broken.
  const folder = join(createTemporaryFolder(), "node_modules");
  const inside = join(folder, opcuaPackage.name);
  mkdirSync(inside, { recursive: true });
  writeFileSync(join(inside, "package.json"), "{}");
  writeFileSync(join(inside, "index.js"), 'throw new Error("too old a Node");');
  const before = process.env.NODE_PATH;
  const look = (path: string | undefined): void => {
    if (path === undefined) delete process.env.NODE_PATH;
    else process.env.NODE_PATH = path;
    (Module as unknown as { _initPaths(): void })._initPaths();
  };
  onTestFinished(() => look(before));
  look(folder);
  expect(await checkLines(config, { isRunning: false })).toMatchObject([
    answers,
    { verdict: "bad", name: "OPC UA package", text: expect.stringMatching(/does not load: too old a Node$/) },
  ]);
});

test("no session is opened where the gateway holds the lines, or may hold them", async () => {
  const port = await listen((socket) => void socket.once("data", () => acknowledge(socket)));
  const config = configure([port]);
  const load = (): never => {
    throw new Error("a session was about to be opened");
  };
  expect(await checkLines(config, { isRunning: true, load })).toMatchObject([{ verdict: "skipped" }]);
  expect(await checkLines(config, { isRunning: null, load })).toMatchObject([
    { verdict: "good", text: expect.stringMatching(/; no session is opened, as whether .* is not known$/) },
  ]);
});

test("a gateway that is late, or whose port tells nothing, may run", async () => {
  const httpPort = await listen(() => {});
  const at = (port: number) => ({ gateway: { ...configure([]).gateway, httpPort: port } });
  const late = await findGateway(at(httpPort), 100);
  expect(judgeRunning(at(httpPort), late)).toBe(null);
  const refused: FoundGateway = { ...late, isLate: false };
  expect([8080, 0, 6666].map((port) => judgeRunning(at(port), refused))).toEqual([false, null, null]);
  const missing = (isNone: boolean): FoundGateway => ({
    ...refused,
    missing: { isNone, message: "", hint: "" },
  });
  expect([true, false].map((isNone) => judgeRunning(at(0), missing(isNone)))).toEqual([false, null]);
});
