/** What a client's own certificate says of a broker that does not let it in: whose it is, and whether its dates explain it. */
import type { X509Certificate } from "node:crypto";
import { renderIsoTime } from "../../contract/iso-time.ts";
import { parseCertificate } from "../daemon/pem-certificates.ts";

/** PEM text; of several certificates the first is the client's own. */
export type OwnCertificate = string | Uint8Array | undefined;

/** Whose it is and until when it holds, on one line; undefined: there is none. */
export function describeOwn(own: OwnCertificate): string | undefined {
  const certificate = parse(own);
  if (certificate === undefined) return undefined;
  const subject = certificate.subject.replaceAll("\n", ", ");
  return `${subject}, good until ${renderDay(certificate.validTo)}`;
}

/** What to do where its dates are why; undefined: they are not. */
export function adviseOfDates(own: OwnCertificate): string | undefined {
  const certificate = parse(own);
  if (certificate === undefined) return undefined;
  const { validFrom, validTo } = certificate;
  const nowMs = Date.now();
  if (nowMs > Date.parse(validTo)) {
    return `This client's certificate has expired on ${renderDay(validTo)}: issue another under the same name (\`aurora keys client DIR ID\`).`;
  }
  if (nowMs >= Date.parse(validFrom)) return undefined;
  return `This client's certificate holds from ${renderDay(validFrom)} on: is this machine's clock behind?`;
}

/** Of a broker that hung up on it without a word, as it may over TLS 1.3; undefined: there is no certificate. */
export function adviseOfHangUp(own: OwnCertificate): string | undefined {
  if (parse(own) === undefined) return undefined;
  return (
    adviseOfDates(own) ??
    "The broker may not take this client's certificate: it must be of the authority that the broker trusts, and the broker's clock right."
  );
}

function parse(own: OwnCertificate): X509Certificate | undefined {
  return own === undefined ? undefined : parseCertificate(Buffer.from(own).toString("utf8"));
}

function renderDay(date: string): string {
  return renderIsoTime(Date.parse(date)).slice(0, 10);
}
