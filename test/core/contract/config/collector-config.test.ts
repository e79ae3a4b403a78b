import { expect, test } from "vitest";
import { collectorConfigSchema } from "../../../../src/core/contract/config/collector-config.ts";
import { describeIssue } from "../../../../src/core/contract/config/describe-issue.ts";

const findingsOf = (url: string) =>
  collectorConfigSchema()
    .safeParse({ record: { kind: "postgres", url } })
    .error?.issues.map((issue) => describeIssue(issue, url));

test.each([
  [
    "a list of hosts",
    "postgres://aurora@a.example:5432,b.example:5432/aurora",
    /lists of hosts/,
    /the one address that leads to the primary/,
  ],
  [
    "parameters",
    "postgres://aurora@a.example/aurora?sslmode=require",
    /has parameters/,
    /write passwordFile, tls/,
  ],
  ["a port that cannot be", "postgres://aurora@a.example:99999/aurora", /host or port/, /user@host:5432/],
])(
  "an address of a record with %s is refused, and what to write instead is said",
  (_, url, problem, write) => {
    expect(findingsOf(url)).toEqual([
      { problem: expect.stringMatching(problem), write: expect.stringMatching(write) },
    ]);
  },
);

test.each(["postgres://aurora@a.example/aurora", "postgresql://aurora@[::1]:6432/aurora"])(
  "%s is an address of a record",
  (url) => expect(findingsOf(url)).toBeUndefined(),
);

// The driver takes host, password and TLS from parameters: they would lead elsewhere, or in plain text.
test.each(["postgres://aurora@h/?sslmode=disable", "postgres://aurora@a?host=evil/aurora"])(
  "%s is no address of a record",
  (url) => expect(findingsOf(url)).toHaveLength(1),
);
