import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { issueCertificate } from "../../../../src/cli/fleet/issue-certificate.ts";
import { createInstallationKeys } from "../../../../src/collector/registry/installation-keys.ts";
import type { KeyPath } from "../../../../src/core/contract/config/config-finding.ts";
import { listGatewayFiles } from "../../../../src/core/contract/config/configured-files.ts";
import { gatewayConfigSchema } from "../../../../src/core/contract/config/gateway-config-schema.ts";
import { warnOfFiles } from "../../../../src/core/platform/daemon/file-warnings.ts";
import { createEndingsWatch } from "../../../../src/core/platform/daemon/watch-endings.ts";
import { createLogger, silentLogger } from "../../../../src/core/platform/logger.ts";
import {
  asAuthority,
  hasOpenssl,
  issueCertificate as issueBySsl,
  noAuthority,
} from "../../../support/issue-certificate.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

const dayMs = 86_400_000;
const uses = ["authority", "client", "server"] as const;

test("who renews a certificate: at the broker `aurora keys`, elsewhere whoever issued it", async () => {
  const dir = createTemporaryFolder();
  const nowMs = Date.now();
  const dates = { fromMs: nowMs - 90 * dayMs, days: 100 };
  const authority = issueCertificate({ name: "site", use: "authority", ...dates });
  const files = { authority: "", client: "", server: "" };
  for (const use of uses) {
    const { certPem } =
      use === "authority"
        ? authority
        : issueCertificate({ name: "some.host", use, ...dates }, { ...authority, name: "site" });
    files[use] = join(dir, `${use}.pem`);
    writeFileSync(files[use], certPem);
  }
  const advise = async (...path: KeyPath): Promise<readonly string[]> => {
    const listed = uses.map((use) => ({ path, file: files[use], content: "certificate" }) as const);
    return (await warnOfFiles(listed, nowMs)).map(({ write }) => write ?? "");
  };
  for (const path of [
    ["mqtt", "certFile"],
    ["mqtt", "embedded", "caFile"],
  ])
    expect(await advise(...path)).toEqual([
      expect.stringContaining("`aurora keys authority`"),
      expect.stringContaining("`aurora keys client DIR some.host`"),
      expect.stringContaining("`aurora keys server DIR some.host`"),
    ]);
  const others: readonly KeyPath[] = [
    ["opcua", 0, "certFile"],
    ["opcua", 0, "trustFiles", 0],
    ["record", "caFile"],
    ["evidence", "s3", "caFile"],
  ];
  for (const path of others)
    expect([path, await advise(...path)]).toEqual([
      path,
      uses.map(() => "ask whoever issued it for another"),
    ]);
});

test("of what is shown the first end is told, of what is trusted the last", async () => {
  const nowMs = Date.UTC(2030, 0, 1);
  const file = join(createTemporaryFolder(), "a.pem");
  const issue = (fromDays: number, days: number): string =>
    issueCertificate({
      name: "site",
      use: "authority",
      fromMs: nowMs + (fromDays + 1) * dayMs,
      days: days - 1,
    }).certPem;
  const tell = async (content: "certificate" | "own-certificate", ...pems: readonly string[]) => {
    writeFileSync(file, pems.join(""));
    const told = await warnOfFiles([{ path: ["record", "caFile"], file, content }], nowMs);
    return told.map(({ problem }) => problem);
  };
  const [over, soon, long, early] = [issue(-400, 390), issue(-300, 310), issue(-1, 900), issue(5, 900)];
  expect(await tell("own-certificate", long, soon)).toEqual([
    "certificate 2 of 2 in the file (CN=site) expires on 2030-01-11",
  ]);
  expect(await tell("own-certificate", soon, over, long)).toEqual([
    "certificate 2 of 3 in the file (CN=site) has expired on 2029-12-22",
  ]);
  expect(await tell("own-certificate", long, early)).toEqual([
    "certificate 2 of 2 in the file (CN=site) holds only from 2030-01-06 on, by this machine's clock",
  ]);
  expect(await tell("own-certificate", long, long)).toEqual([]);
  expect(await tell("certificate", long, over)).toEqual([]);
  expect(await tell("certificate", early, soon)).toEqual([]);
  expect(await tell("certificate", soon, over)).toEqual([
    "certificate 1 of 2 in the file (CN=site) expires on 2030-01-11, the last of them",
  ]);
  expect(await tell("certificate", over, over)).toEqual([
    expect.stringMatching(/has expired on 2029-12-22, the last of them/),
  ]);
  expect(await tell("certificate", early, issue(2, 9))).toEqual([
    expect.stringMatching(/^certificate 2 of 2 .* holds only from 2030-01-03 on/),
  ]);
});

test("of an OPC UA server's files the own certificate counts alone, and the end of each server that is trusted by its own", async () => {
  const nowMs = Date.UTC(2030, 0, 1);
  const file = join(createTemporaryFolder(), "a.pem");
  const issue = (name: string, days: number, use: (typeof uses)[number] = "server"): string =>
    issueCertificate({ name, use, fromMs: nowMs - 400 * dayMs, days: 400 + days }).certPem;
  const warn = async (content: "certificate" | "own-certificate", ...pems: readonly string[]) => {
    writeFileSync(file, pems.join(""));
    const path = ["opcua", 0, content === "certificate" ? "trustFiles" : "certFile"];
    return (await warnOfFiles([{ path, file, content }], nowMs)).map(({ problem }) => problem);
  };
  expect(await warn("own-certificate", issue("own", 400), issue("above", -2, "authority"))).toEqual([]);
  expect(await warn("own-certificate", issue("own", -2), issue("above", 400, "authority"))).toEqual([
    "certificate 1 of 2 in the file (CN=own) has expired on 2029-12-30",
  ]);
  expect(await warn("certificate", issue("one", 3), issue("other", 400))).toEqual([
    "certificate 1 of 2 in the file (CN=one) expires on 2030-01-04",
  ]);
  expect(await warn("certificate", issue("one", -2), issue("one", 400))).toEqual([]);
  expect(await warn("certificate", issue("a", -2, "authority"), issue("b", 400, "authority"))).toEqual([]);
});

test.skipIf(!hasOpenssl)(
  "the end of each OPC UA server is told, also of those that are authorities by their word, or bear one name",
  async () => {
    const folder = createTemporaryFolder();
    const nearEndMs = Date.now() + 1.9 * dayMs;
    const warn = async (...wishes: readonly (readonly [string, string, string])[]) => {
      const pems = wishes.map(([name, kind, uri], index) => {
        const inside = join(folder, String(index));
        mkdirSync(inside, { recursive: true });
        const more = uri === "" ? [] : [`subjectAltName=URI:urn:${uri}`];
        return readFileSync(issueBySsl(inside, name, { extensions: [kind, ...more] }).cert, "utf8");
      });
      const file = join(folder, "trusted.pem");
      writeFileSync(file, pems.join(""));
      const path = ["opcua", 0, "trustFiles"];
      return (await warnOfFiles([{ path, file, content: "certificate" }], nearEndMs)).length;
    };
    expect(await warn(["one", asAuthority, "one"], ["other", asAuthority, "other"])).toBe(2);
    expect(await warn(["server", noAuthority, "one"], ["server", noAuthority, "other"])).toBe(2);
    expect(await warn(["server", noAuthority, "one"], ["renewed", noAuthority, "one"])).toBe(1);
    expect(await warn(["a", asAuthority, ""], ["b", asAuthority, ""])).toBe(1);
  },
);

test("what is left readable, or offline, in the folder of the online keys is named", async () => {
  const dir = createTemporaryFolder();
  const keysDir = join(dir, "keys");
  await createInstallationKeys(keysDir, Date.now());
  chmodSync(dir, 0o755);
  chmodSync(keysDir, 0o755);
  const warn = async () =>
    (
      await warnOfFiles(
        [{ path: ["registry", "keysDir"], file: keysDir, content: "keys-folder" }],
        Date.now(),
      )
    ).map(({ problem, write }) => `${problem}; ${write}`);
  expect(await warn()).toEqual([
    expect.stringMatching(/^it holds release\.key and root\.key, .*; take .* offline/),
  ]);
  rmSync(join(keysDir, "root.key"));
  rmSync(join(keysDir, "release.key"));
  expect(await warn()).toEqual([]);
  chmodSync(join(keysDir, "timestamp.key"), 0o644);
  const isOpen = (path: string): boolean =>
    path === "/" || ((statSync(path).mode & 0o001) !== 0 && isOpen(dirname(path)));
  // What is below a folder of one user alone is read by no other.
  expect(await warn()).toEqual(
    isOpen(keysDir)
      ? [expect.stringMatching(/^every user .* may read .*: timestamp\.key; run chmod o= .*keys\/\*\.key$/)]
      : [],
  );
  chmodSync(keysDir, 0o700);
  expect(await warn()).toEqual([]);
});

const hourMs = 3_600_000;

/** Looks each hour at a client's certificate; when what was told, in hours before its end. */
async function followLife({
  lifeMs,
  everyMs,
  forMs,
}: Readonly<Record<"lifeMs" | "everyMs" | "forMs", number>>) {
  const file = join(createTemporaryFolder(), "cert.pem");
  const startMs = Date.UTC(2030, 0, 1);
  let nowMs = startMs;
  let issuedMs = nowMs;
  // The day that another clock may be behind is part of what is stated.
  const issue = (): void =>
    writeFileSync(
      file,
      issueCertificate({ name: "gw-1", use: "client", fromMs: issuedMs + dayMs, days: lifeMs / dayMs - 1 })
        .certPem,
    );
  issue();
  const told: string[] = [];
  let toldMs: number | null = null;
  const watch = createEndingsWatch([{ path: ["mqtt", "certFile"], file, content: "own-certificate" }], {
    clock: { nowMs: () => nowMs },
    logger: silentLogger,
    tell: (_name, _subject, detail) => {
      toldMs = nowMs;
      told.push(`${(issuedMs + lifeMs - nowMs) / hourMs} h: ${detail}`);
    },
    findToldMs: () => toldMs,
  });
  for (; nowMs < startMs + forMs; nowMs += hourMs) {
    if (nowMs - issuedMs >= everyMs) {
      issuedMs = nowMs;
      issue();
    }
    await watch();
  }
  return told;
}

test.each([
  ["a day, renewed after two thirds", dayMs, 16 * hourMs],
  ["a week, renewed after five days", 7 * dayMs, 5 * dayMs],
  ["ninety days, renewed a month before its end, some hours late", 90 * dayMs, 60 * dayMs + 6 * hourMs],
])("nothing is told of a certificate for %s", async (_life, lifeMs, everyMs) => {
  expect(await followLife({ lifeMs, everyMs, forMs: 5 * lifeMs })).toEqual([]);
});

test("the end of a short life is told a quarter of it before, and to the minute", async () => {
  const everyMs = Number.POSITIVE_INFINITY;
  expect(await followLife({ lifeMs: dayMs, everyMs, forMs: 3 * dayMs })).toEqual([
    "6 h: mqtt.certFile: the certificate expires on 2030-01-02 at 00:00 UTC",
    "0 h: mqtt.certFile: the certificate has expired on 2030-01-02 at 00:00 UTC",
    "-24 h: mqtt.certFile: the certificate has expired on 2030-01-02 at 00:00 UTC",
  ]);
  expect(
    (await followLife({ lifeMs: 90 * dayMs, everyMs, forMs: 95 * dayMs })).map((line) => parseInt(line, 10)),
  ).toEqual([540, 168, 24, 0, -24]);
});

const endMs = Date.UTC(2031, 10, 28);
const root = JSON.stringify({ signed: { expires: "2031-11-28T00:00:00Z" } });

test("the root of updates is warned of half a year before its end, at a gateway and in a collector's keys", async () => {
  const dir = createTemporaryFolder();
  const rootFile = join(dir, "root.json");
  writeFileSync(rootFile, root);
  for (const listed of [
    { path: ["updates", "rootFile"], file: rootFile, content: "root-metadata" },
    { path: ["registry", "keysDir"], file: dir, content: "keys-folder" },
  ] as const) {
    const problems = async (nowMs: number) =>
      (await warnOfFiles([listed], nowMs)).map(({ problem, write }) => `${problem}; ${write}`);
    expect(await problems(endMs - 184 * dayMs)).toEqual([]);
    expect(await problems(endMs - 183 * dayMs)).toEqual([
      expect.stringMatching(/expires on 2031-11-28; .*aurora keys rotate.*KEYS\.md/),
    ]);
    expect(await problems(endMs)).toEqual([expect.stringMatching(/has expired on 2031-11-28/)]);
  }
  writeFileSync(rootFile, "no metadata");
  expect(await warnOfFiles([{ path: [], file: rootFile, content: "root-metadata" }], endMs)).toEqual([]);
});

test("a gateway that has followed to a later root is not warned of the one that it was given", async () => {
  const dir = createTemporaryFolder();
  const file = join(dir, "root.json");
  const kept = join(dir, "updates", "bearing-vibration", "tuf");
  mkdirSync(kept, { recursive: true });
  mkdirSync(join(dir, "updates", "never-looked"));
  writeFileSync(file, root);
  const example = readFileSync("scripts/examples/gateway-ten-turbines-mqtt.yaml", "utf8");
  const { gateway, updates, ...rest } = gatewayConfigSchema().parse(parse(example));
  const listed = listGatewayFiles({
    ...rest,
    gateway: { ...gateway, stateDir: dir },
    updates: { ...updates, rootFile: file },
  }).filter(({ content }) => content === "root-metadata");
  const warn = (nowMs: number) => warnOfFiles(listed, nowMs);
  expect(await warn(endMs)).toHaveLength(1);
  writeFileSync(join(kept, "root.json"), root.replace("2031", "2036"));
  expect(await warn(endMs)).toEqual([]);
  const laterMs = Date.UTC(2036, 10, 1);
  expect(await warn(laterMs)).toMatchObject([{ problem: expect.stringContaining("expires on 2036-11-28") }]);
});

test("a daemon that runs tells of an end a month, a week and a day before, then, and as long after, once each", async () => {
  const dir = createTemporaryFolder();
  const file = join(dir, "root.json");
  writeFileSync(file, root);
  let nowMs = endMs - 200 * dayMs + 1;
  const lines: string[] = [];
  const told: string[] = [];
  const watch = createEndingsWatch([{ path: ["updates", "rootFile"], file, content: "root-metadata" }], {
    clock: { nowMs: () => nowMs },
    logger: createLogger({ format: "json", write: (line) => lines.push(line) }),
    tell: (...event) => void told.push(event.join(" | ")),
    findToldMs: () => null,
  });
  const days: number[] = [];
  for (; nowMs < endMs + 60 * dayMs; nowMs += dayMs) {
    const before = told.length;
    await watch();
    if (told.length > before) days.push(Math.floor((nowMs - endMs) / dayMs));
  }
  expect(days).toEqual([-30, -7, -1, 0, 1, 7, 30]);
  expect(told[0]).toMatch(/^file-expires \| .*root\.json \| updates\.rootFile: .* expires on 2031-11-28/);
  expect(lines).toHaveLength(7);
  expect(lines[6]).toMatch(/"hint":.*updates\.rootFile: .*has expired on 2031-11-28/);
  rmSync(file);
  mkdirSync(file);
  nowMs = endMs - dayMs;
  await watch();
  expect(told).toHaveLength(7);
});

test.each([
  [1, 23],
  [10, 2],
])(
  "a daemon that starts %d times a day and runs for %d hours tells of each end once, though its record is away at first",
  async (starts, hours) => {
    const file = join(createTemporaryFolder(), "root.json");
    writeFileSync(file, root);
    let nowMs = endMs - 45 * dayMs;
    const lines: string[] = [];
    const toldMs: number[] = [];
    let attempts = 0;
    const begin = () =>
      createEndingsWatch([{ path: ["updates", "rootFile"], file, content: "root-metadata" }], {
        clock: { nowMs: () => nowMs },
        logger: createLogger({ format: "json", write: (line) => lines.push(line) }),
        tell: async () => {
          attempts++;
          if (attempts % 2 === 1) throw new Error("the record is away");
          toldMs.push(nowMs);
        },
        findToldMs: async () => toldMs.at(-1) ?? null,
      });
    while (nowMs < endMs + 45 * dayMs) {
      const startMs = nowMs;
      const watch = begin();
      for (let hour = 0; hour < hours; hour++) {
        nowMs += dayMs / 24;
        await watch();
      }
      nowMs = startMs + dayMs / starts;
    }
    expect(toldMs.map((atMs) => Math.floor((atMs - endMs) / dayMs))).toEqual([-30, -7, -1, 0, 1, 7, 30]);
    expect(lines.filter((line) => line.includes("the record is away"))).toHaveLength(7);
  },
);

test("what cannot be told of one file keeps nothing from the others", async () => {
  const dir = createTemporaryFolder();
  const listed = ["one", "other"].map((name) => {
    writeFileSync(join(dir, name), root);
    return { path: [name], file: join(dir, name), content: "root-metadata" } as const;
  });
  const lines: string[] = [];
  const told: string[] = [];
  const watch = createEndingsWatch(listed, {
    clock: { nowMs: () => endMs },
    logger: createLogger({ format: "json", write: (line) => lines.push(line) }),
    tell: async (_name, _subject, detail) => {
      if (detail.startsWith("one")) throw new Error("the record is away");
      told.push(detail);
    },
    findToldMs: () => null,
  });
  await watch();
  expect(told).toEqual([expect.stringMatching(/^other: /)]);
  expect(lines.join("")).toMatch(/"one: the root .*"other: the root /s);
});
