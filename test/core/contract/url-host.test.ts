import { expect, it } from "vitest";
import { hostOf, reachedHost, urlHost } from "../../../src/core/contract/url-host.ts";

it("writes an IPv6 address in brackets into a URL, and reads it without them", () => {
  for (const host of ["::1", "fe80::1", "127.0.0.1", "gateway.example"]) {
    const url = new URL(`http://${urlHost(host)}:8080`);
    expect(hostOf(url)).toBe(host);
    expect(url.port).toBe("8080");
  }
});

it("reaches who listens on every address on the loopback one", () => {
  expect(["0.0.0.0", "::", "::1", "10.0.0.7"].map(reachedHost)).toEqual([
    "127.0.0.1",
    "127.0.0.1",
    "::1",
    "10.0.0.7",
  ]);
});
