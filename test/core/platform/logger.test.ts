import { spawnSync } from "node:child_process";
import { fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import { createLogger, type LoggerOptions } from "../../../src/core/platform/logger.ts";
import { isSecretKey, redact, redactPasswords } from "../../../src/core/platform/redact.ts";
import { compiledRoot } from "../../support/compiled.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

function capture(options: LoggerOptions = {}): { lines: string[]; logger: ReturnType<typeof createLogger> } {
  const lines: string[] = [];
  return {
    lines,
    logger: createLogger({ format: "json", write: (line) => void lines.push(line), ...options }),
  };
}

describe("the logger", () => {
  test("writes one JSON object a line with level, time, name and message", () => {
    const { lines, logger } = capture({ name: "gateway" });
    logger.info("started", { port: 1883 });
    expect(lines).toHaveLength(1);
    expect(lines[0]!.endsWith("\n")).toBe(true);
    const line: Record<string, unknown> = JSON.parse(lines[0]!);
    expect(line).toMatchObject({ level: "info", name: "gateway", message: "started", port: 1883 });
    expect(Date.parse(String(line.time))).toBeGreaterThan(0);
  });

  test("says nothing below its level", () => {
    const { lines, logger } = capture({ level: "warn" });
    logger.debug("a");
    logger.info("b");
    logger.warn("c");
    logger.error("d");
    expect(lines).toHaveLength(2);
  });

  test("never writes a secret, wherever it stands", () => {
    const { lines, logger } = capture();
    logger.child({ apiKey: "hunter2" }).warn("connecting to mqtt://ann:hunter2@host", {
      password: "hunter2",
      tls: { key: "hunter2", cert: "public" },
      list: [{ Authorization: "hunter2" }],
      url: "mqtts://bob:hunter2@host:8883/x",
      map: new Map([["token", "hunter2"]]),
      error: new Error("cannot reach mqtt://ann:hunter2@host", { cause: { secret: "hunter2" } }),
    });
    expect(lines[0]).not.toContain("hunter2");
    expect(lines[0]).toContain("public");
    expect(lines[0]).toContain("mqtts://bob:[redacted]@host:8883/x");
  });

  test("finds them in a text of any length, whatever stands around them", () => {
    // By the square of its length it would never end.
    const letters = "a".repeat(1_000_000);
    const shown = redactPasswords(`${letters}://user:${letters}@host ${letters} ${letters}://u:${letters}`);
    expect(shown).toBe(`${letters}://user:[redacted]@host ${letters} ${letters}://u:${letters}`);
  });

  test("describes errors: a user's by code and hint, a bug by its stack", () => {
    const { lines, logger } = capture();
    const cause = new TypeError("deep");
    logger.error("failed", {
      error: new AuroraError("MQTT", "m", { op: "o", subject: "s", hint: "h", cause }),
    });
    logger.error("failed", { error: new TypeError("bug") });
    const [users, bug] = lines.map((line) => JSON.parse(line) as { error: Record<string, unknown> });
    expect(users!.error).toMatchObject({
      code: "MQTT",
      op: "o",
      subject: "s",
      hint: "h",
      cause: { message: "deep" },
    });
    expect(users!.error.stack).toBeUndefined();
    expect(String(bug!.error.stack)).toContain("logger.test.ts");
  });

  test("a field cannot pose as the level or the time", () => {
    const { lines, logger } = capture();
    logger.info("m", { level: "error", time: "never", message: "other" });
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: "info", message: "m", level_: "error" });
  });

  test("writes plain text for a terminal", () => {
    const { lines, logger } = capture({ format: "text", name: "gateway" });
    logger.warn("no broker", { host: "a", detail: "two words", n: 1 });
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} warn {2}gateway: no broker host=a detail="two words" n=1\n$/,
    );
  });

  test("shows on a terminal nothing that would move its cursor or turn its text", () => {
    const { lines, logger } = capture({ format: "text" });
    logger.warn("a \u001b[2Jmessage", { firmware: "\u001b]0;x\u0007", title: "a \u202e\u009b b" });
    expect(lines[0]).toContain("a \ufffd[2Jmessage firmware=\ufffd]0;x\ufffd title=");
    expect(["\u001b", "\u0007", "\u009b", "\u202e"].filter((each) => lines[0]!.includes(each))).toEqual([]);
  });
});

describe("redaction", () => {
  test.each(["password", "MQTT_PASSWORD", "clientSecret", "token", "key", "privateKey", "api_key", "tlsKey"])(
    "%s is a secret",
    (name) => expect(isSecretKey(name)).toBe(true),
  );

  test.each(["publicKey", "keyId", "passed", "monkey", "topic", "keepalive"])("%s is none", (name) =>
    expect(isSecretKey(name)).toBe(false),
  );

  test("is bounded in depth, items and text, and survives what is not plain", () => {
    const deep: Record<string, unknown> = {};
    deep.self = deep;
    const text = JSON.stringify(
      redact({
        deep,
        many: new Array(1000).fill(1),
        long: "x".repeat(100_000),
        bytes: new Uint8Array(10),
        big: 10n,
        date: new Date(Number.NaN),
        call: () => {},
      }),
    );
    expect(text.length).toBeLessThan(6000);
    expect(text).toContain("<10 bytes>");
    expect(text).toContain("900 more");
  });

  test("an absent secret is shown as absent", () => {
    expect(redact({ password: null, token: "" })).toEqual({ password: null, token: "" });
  });
});

test("lines say their level to the journal, and to no other stream", () => {
  const load = (name: string): string =>
    `await import(${JSON.stringify(pathToFileURL(join(compiledRoot(), "dist", "src", "core", "platform", name)).href)})`;
  const code = `const { createLogger } = ${load("logger.js")};
    const { atErrorLevel } = ${load("journal-level.js")};
    const logger = createLogger();
    logger.info("a"); logger.warn("b"); logger.error("c");
    process.stderr.write(atErrorLevel("error: d\\nhint: e\\n"));`;
  const levelsOf = (stream: (dev: bigint, ino: bigint) => string): readonly string[] => {
    const file = join(createTemporaryFolder(), "log");
    const stderr = openSync(file, "a");
    const { dev, ino } = fstatSync(stderr, { bigint: true });
    spawnSync(process.execPath, ["--input-type=module", "-e", code], {
      stdio: ["ignore", "ignore", stderr],
      env: { ...process.env, JOURNAL_STREAM: stream(dev, ino) },
    });
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    return lines.map((line) => /^(<\d>)?/.exec(line)![0]);
  };
  expect(levelsOf((dev, ino) => `${dev}:${ino}`)).toEqual(["", "<4>", "<3>", "<3>", "<3>"]);
  expect(levelsOf((dev, ino) => `${dev}:${ino + 1n}`)).toEqual(["", "", "", "", ""]);
});
