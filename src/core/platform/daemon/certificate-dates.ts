/** Until when the certificates of a file are good, as they say themselves, and who makes others. Asks no authority whether one was revoked. */
import type { X509Certificate } from "node:crypto";
import type { ConfigFinding } from "../../contract/config/config-finding.ts";
import { renderIsoTime } from "../../contract/iso-time.ts";
import { readApplicationUri, readPemCertificates, serverUse } from "./pem-certificates.ts";

const dayMs = 86_400_000;

interface Judged {
  readonly nowMs: number;
  /** Of the broker or of a client of it: such a one `aurora keys` may have made, and no other. */
  readonly isOfBroker: boolean;
  readonly counts: Counting;
}

/**
 * Which certificates of a file must be good: `all` of a chain that is shown, the `first` where no more of it is; `any` of what is trusted;
 * of servers that are trusted by their own certificate (`servers`) one of each application URI or name, and any of the authorities beside them.
 */
type Counting = "all" | "first" | "any" | "servers";

type DatesWarning = Pick<ConfigFinding, "problem" | "write" | "endsMs"> & { readonly noticeMs?: number };

interface DatedCertificate {
  readonly certificate: X509Certificate;
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** None where all is well for now, and where nothing can be read. */
export function warnOfDates(pem: string, judged: Judged): readonly DatesWarning[] {
  const found = readPemCertificates(pem);
  const dated = found.flatMap(({ certificate }, index) => {
    if (certificate === undefined) return [];
    const subject = certificate.subject?.replaceAll("\n", ", ").slice(0, 120) ?? "without a name";
    const name =
      found.length === 1
        ? "the certificate"
        : `certificate ${index + 1} of ${found.length} in the file (${subject})`;
    const [fromMs, toMs] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
    return [{ certificate, name, fromMs, toMs }];
  });
  return divide(dated, judged.counts).flatMap((group) => warnOfGroup(group, judged) ?? []);
}

function divide(
  dated: readonly DatedCertificate[],
  counts: Counting,
): readonly (readonly DatedCertificate[])[] {
  switch (counts) {
    case "all":
    case "any":
      return [dated];
    case "first":
      return [dated.slice(0, 1)];
    case "servers": {
      // A server's own certificate may be an authority's by its word, or bear the name of another server's.
      const nameOf = ({ certificate }: DatedCertificate): string =>
        readApplicationUri(certificate) ?? (certificate.ca ? "" : certificate.subject);
      const names = new Set(dated.map(nameOf));
      return [...names].map((name) => dated.filter((each) => nameOf(each) === name));
    }
  }
}

function warnOfGroup(
  dated: readonly DatedCertificate[],
  { nowMs, isOfBroker, counts }: Judged,
): DatesWarning | undefined {
  const isShown = counts === "all" || counts === "first";
  const starts = dated.toSorted((one, other) => one.fromMs - other.fromMs);
  const ends = dated.toSorted((one, other) => one.toMs - other.toMs);
  const start = starts.at(isShown ? -1 : 0);
  const end = ends.at(isShown ? 0 : -1);
  if (start === undefined || end === undefined) return undefined;
  if (nowMs < start.fromMs) {
    const problem = `${start.name} holds only from ${renderEnd(start.fromMs, nowMs)} on, by this machine's clock`;
    return { problem, write: "set the clock of this machine, or of the one that issued it" };
  }
  const noticeMs = noticeOf(end.fromMs, end.toMs);
  if (end.toMs - nowMs > noticeMs) return undefined;
  return {
    problem: `${end.name} ${nowMs >= end.toMs ? "has expired" : "expires"} on ${renderEnd(end.toMs, nowMs)}${isShown || dated.length === 1 ? "" : ", the last of them"}`,
    write: isOfBroker ? adviseRenewal(end.certificate) : adviseOthers,
    endsMs: end.toMs,
    noticeMs,
  };
}

/**
 * How long before its end one hears of a certificate: a month, and of a short life its last quarter, by when whoever renews by
 * clockwork has done so.
 */
export function noticeOf(fromMs: number, toMs: number): number {
  return Math.min(30 * dayMs, (toMs - fromMs) / 4);
}

/** The day, and the minute where it is near. */
export function renderEnd(ms: number, nowMs: number): string {
  const [day = "", clock = ""] = renderIsoTime(ms).split("T");
  return Math.abs(ms - nowMs) < 2 * dayMs ? `${day} at ${clock.slice(0, 5)} UTC` : day;
}

const adviseOthers = "ask whoever issued it for another";

/** An enrolment has an authority as a site's own has; it makes nothing of a gateway anew, and the commands of keys do. */
function adviseRenewal({ ca, issuer, subject, keyUsage }: X509Certificate): string {
  // No authority of `aurora keys` has one above it.
  if (ca && issuer !== subject) return adviseOthers;
  if (ca) return "make another authority (`aurora keys authority`), as src/KEYS.md says";
  const isServer = keyUsage?.includes(serverUse) === true;
  const name = /^CN=([\w.@/-]+)$/.exec(subject)?.[1] ?? (isServer ? "HOST" : "NAME");
  const command = `aurora keys ${isServer ? "server" : "client"} DIR ${name}`;
  return `issue another under the same name (\`${command}\`, where DIR is the folder of the enrolment, or of the site's authority), and put it in its place`;
}
