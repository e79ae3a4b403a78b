import { createPublicKey, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  encodeDsseEnvelope,
  parseEnvelope,
  preAuthEncoding,
  signEnvelope,
  type TrustedKey,
  verifyEnvelope,
} from "../../../src/core/bundle/dsse.ts";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import { newKey } from "./sample-bundle.ts";

const type = "http://example.com/HelloWorld";
const hello = new TextEncoder().encode("hello world");

/** The published key of the DSSE protocol document (D1). */
function publishedKey(): TrustedKey {
  const coordinate = (decimal: string): string =>
    Buffer.from(BigInt(decimal).toString(16).padStart(64, "0"), "hex").toString("base64url");
  const key = createPublicKey({
    format: "jwk",
    key: {
      kty: "EC",
      crv: "P-256",
      x: coordinate("46950820868899156662930047687818585632848591499744589407958293238635476079160"),
      y: coordinate("5640078356564379163099075877009565129882514886557779369047442380624545832820"),
    },
  });
  return {
    keyId: "published",
    verify: (data, signature) => verify("sha256", data, { key, dsaEncoding: "ieee-p1363" }, signature),
  };
}

const publishedSignature =
  "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==";

const publishedEnvelope = (sig: string, keyid = "misleading"): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      payload: Buffer.from(hello).toString("base64"),
      payloadType: type,
      signatures: [{ keyid, sig }],
    }),
  );

describe("DSSE", () => {
  it("encodes what is signed as the protocol shows (D1)", () => {
    expect(Buffer.from(preAuthEncoding(type, hello)).toString()).toBe(
      "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    );
  });

  it("counts the type's length in bytes, not in characters", () => {
    expect(Buffer.from(preAuthEncoding("é", new Uint8Array(0))).toString()).toBe("DSSEv1 2 é 0 ");
  });

  it("accepts the published envelope, in standard and in URL-safe base64 (D1)", () => {
    const urlSafe = publishedSignature.replaceAll("+", "-").replaceAll("/", "_");
    for (const sig of [publishedSignature, urlSafe, urlSafe.replaceAll("=", "")]) {
      expect(verifyEnvelope(parseEnvelope(publishedEnvelope(sig)), [publishedKey()])).toEqual(["published"]);
    }
  });

  it("lets no key id decide: neither a wrong one refuses nor a right one accepts (D1)", () => {
    const key = newKey();
    const other = newKey();
    const { signatures, ...rest } = signEnvelope(type, hello, [key]);
    const lying = { ...rest, signatures: [{ ...signatures[0]!, keyid: other.keyId }] };
    expect(verifyEnvelope(lying, [key.publicKey])).toEqual([key.keyId]);
    expect(() => verifyEnvelope(lying, [other.publicKey])).toThrow(
      expect.objectContaining({ code: "BUNDLE_SIGNATURE" }),
    );
  });

  it("counts distinct trusted keys, not signatures, against the threshold (D1)", () => {
    const [first, second, stranger] = [newKey(), newKey(), newKey()];
    const trusted = [first.publicKey, second.publicKey];
    const both = signEnvelope(type, hello, [first, stranger, second]);
    expect(verifyEnvelope(both, trusted, 2)).toEqual([first.keyId, null, second.keyId]);
    const twice = signEnvelope(type, hello, [first, first]);
    expect(() => verifyEnvelope(twice, trusted, 2)).toThrow(/1 trusted key has signed, 2 needed/);
    expect(() => verifyEnvelope(signEnvelope(type, hello, [stranger]), trusted)).toThrow(/0 trusted keys/);
    expect(() => verifyEnvelope(both, [], 0)).toThrow(/1 needed/);
  });

  it("signs the type with the body", () => {
    const key = newKey();
    const envelope = signEnvelope(type, hello, [key]);
    expect(() => verifyEnvelope({ ...envelope, payloadType: `${type}2` }, [key.publicKey])).toThrow();
    expect(() =>
      verifyEnvelope({ ...envelope, payload: hello.map((byte) => byte ^ 1) }, [key.publicKey]),
    ).toThrow();
  });

  it("round-trips its canonical bytes", () => {
    const bytes = encodeDsseEnvelope(signEnvelope(type, hello, [newKey(), newKey()]));
    expect(encodeDsseEnvelope(parseEnvelope(bytes))).toEqual(bytes);
  });

  it("refuses what is no envelope as badly formed", () => {
    const bad = [
      "",
      "[]",
      "{",
      "[".repeat(16_000),
      '{"payload":"","payloadType":"t","signatures":[]}',
      '{"payload":"*","payloadType":"t","signatures":[{"sig":""}]}',
      '{"payload":"a","payloadType":"t","signatures":[{"sig":""}]}',
      '{"payload":"","payloadType":1,"signatures":[{"sig":""}]}',
      '{"payload":"","payloadType":"t","signatures":[{"sig":"","keyid":1}]}',
      `{"payload":"","payloadType":"t","signatures":[${Array(17).fill('{"sig":""}').join()}]}`,
    ];
    for (const text of bad) {
      let error: unknown;
      try {
        parseEnvelope(Buffer.from(text));
      } catch (thrown) {
        error = thrown;
      }
      expect(hasErrorCode(error, "BUNDLE_FORMAT"), text.slice(0, 60)).toBe(true);
    }
  });
});
