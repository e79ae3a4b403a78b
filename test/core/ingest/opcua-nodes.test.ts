import { expect, test } from "vitest";
import { createNodeFinder, readNamespaces } from "../../../src/core/ingest/opcua-nodes.ts";

const core = "http://opcfoundation.org/UA/";

test("a namespace that is named is found wherever the server has put it", () => {
  const find = createNodeFinder([
    "nsu=urn:vendor:turbines;s=P;1",
    "nsu=urn:a%3Bb%25;i=7",
    "nsu=urn:a%3bb%25;i=8",
  ]);
  const ids = (namespaces: readonly string[]) =>
    find(namespaces).map((each) => (each.ok ? each.value : each.error));
  expect(ids([core, "urn:own", "urn:vendor:turbines", "urn:a;b%"])).toEqual([
    "ns=2;s=P;1",
    "ns=3;i=7",
    "ns=3;i=8",
  ]);
  expect(ids([core, "urn:vendor:turbines"])).toEqual([
    "ns=1;s=P;1",
    "the server has no namespace urn:a%3Bb%25",
    "the server has no namespace urn:a%3bb%25",
  ]);
});

test("a number that another namespace goes by than at first is refused, until it has the first one again", () => {
  const find = createNodeFinder(["ns=1;s=P", "ns=2;s=P", "i=2258"]);
  const whole = [core, "urn:own", "urn:a", "urn:b"];
  expect(find(whole).every(({ ok }) => ok)).toBe(true);
  expect(find([core, "urn:own", "urn:b", "urn:a"])).toEqual([
    { ok: true, value: "ns=1;s=P" },
    { ok: false, error: "namespace 2 was urn:a and is urn:b now" },
    { ok: true, value: "i=2258" },
  ]);
  expect(find([core, "urn:own"])[1]).toEqual({ ok: false, error: "namespace 2 was urn:a and is gone" });
  expect(find(whole).every(({ ok }) => ok)).toBe(true);
});

test("the namespace of OPC UA itself is the same everywhere, and never judged", () => {
  const find = createNodeFinder(["i=2258", "ns=0;i=2258"]);
  for (const namespaces of [[core], ["urn:strange"], []])
    expect(find(namespaces).map((each) => each.ok && each.value)).toEqual(["i=2258", "ns=0;i=2258"]);
});

test("a list of namespaces is one of texts, with places that are not taken; everything else is none", () => {
  const read = (value: unknown, statusName = "Good") =>
    readNamespaces({ value, dataType: 12, status: 0, statusName });
  expect(read([core, null, "urn:a"])).toEqual({ ok: true, value: [core, "", "urn:a"] });
  const error = "the server does not tell its namespaces: this is no list of texts";
  for (const value of [undefined, null, core, [], [core, 7], { length: 1 }])
    expect(read(value)).toEqual({ ok: false, error });
  expect(read(undefined, "BadUserAccessDenied")).toEqual({
    ok: false,
    error: "the server does not tell its namespaces: BadUserAccessDenied",
  });
});
