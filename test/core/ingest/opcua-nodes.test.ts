import { expect, test } from "vitest";
import { createNodeFinder } from "../../../src/core/ingest/opcua-nodes.ts";

const core = "http://opcfoundation.org/UA/";

test("a namespace that is named is found wherever the server has put it", () => {
  const find = createNodeFinder(["nsu=urn:vendor:turbines;s=P;1", "nsu=urn:a%3Bb%25;i=7"]);
  const ids = (namespaces: readonly string[]) =>
    find(namespaces).map((each) => (each.ok ? each.value : each.error));
  expect(ids([core, "urn:own", "urn:vendor:turbines", "urn:a;b%"])).toEqual(["ns=2;s=P;1", "ns=3;i=7"]);
  expect(ids([core, "urn:vendor:turbines"])).toEqual([
    "ns=1;s=P;1",
    "the server has no namespace urn:a%3Bb%25",
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

test("of a server that does not tell its namespaces, numbers are taken as they are", () => {
  expect(createNodeFinder(["ns=2;s=P", "nsu=urn:a;s=P"])([])).toEqual([
    { ok: true, value: "ns=2;s=P" },
    { ok: false, error: "the server has no namespace urn:a" },
  ]);
});
