/**
 * Says in words why a broker was not reached, or a client not let in, and what to do: names of errors of OpenSSL and of the
 * system, which stay in brackets for whoever looks them up. Decides nothing.
 */
import type { TLSSocket } from "node:tls";
import type { ConnectionLoss } from "./broker-connection.ts";
import { adviseOfDates, describeOwn, type OwnCertificate } from "./own-certificate.ts";

export interface ConnectFailure {
  readonly problem: string;
  readonly cure: string;
}

/** As the loss of a connection is told. */
export function toLossWords({
  problem,
  cure,
}: ConnectFailure): Required<Pick<ConnectionLoss, "detail" | "hint">> {
  return { detail: problem, hint: cure };
}

interface Row {
  readonly codes: RegExp;
  readonly problem: string;
  readonly cure: string;
  /** Is it of this client's own certificate? */
  readonly isOfOwn?: true;
  /** Whatever its dates are, no other helps. */
  readonly isFinal?: true;
}

const authority =
  "Name the certificate of the authority that signed the broker's under mqtt.caFile (ca.pem of `aurora keys authority`).";
const ownCertificate =
  "Name this client's certificate and key under mqtt.certFile and mqtt.keyFile (`aurora fleet enrol --tls` or `aurora keys client` makes them).";
/** Of a login that the broker knows otherwise. */
export const loginCure =
  "Compare mqtt.username and the password (or certificate) with the broker's list; `aurora fleet enrol` makes both, and names the collector aurora-collector, a gateway by its id, its device ID/DEVICE.";
/** Of a port on which nothing answers as a broker would. */
const noBrokerCure =
  "Is this the broker's TLS port? Then write mqtts://. Else check that a broker of MQTT listens there.";
const noTls = "Write mqtt:// without caFile and certFile, or the broker's TLS port, mostly 8883.";
/** A broker that is full may hang up without a word, as mosquitto does at its max_connections. */
const fullCure = "Or it takes no more clients: look at its limit of connections.";
/** Of a port on which a connection ends before anything was answered. */
export const noAnswerCure: string = `${noBrokerCure} ${fullCure}`;

const hungUp: ConnectFailure = {
  problem:
    "it hung up during the TLS handshake: perhaps no TLS is spoken on this port, or it takes no more clients",
  cure: `${noTls} ${fullCure}`,
};

/** What the other end is to a client; the first row whose pattern fits. */
const failures: readonly Row[] = [
  {
    codes: /^UNABLE_TO_GET_ISSUER_CERT$/,
    problem:
      "its certificate leads to an issuing authority that is trusted here, and that one's authority is not",
    cure: "Name the root above it under mqtt.caFile as well: several certificates in one file.",
  },
  {
    codes: /^UNABLE_TO_VERIFY_LEAF_SIGNATURE$/,
    problem: "its certificate is signed by an authority that is not trusted here, and it sends no other",
    cure: `${authority} Is the root named there, let the broker send the certificates between as well, behind its own in one file.`,
  },
  {
    codes: /^(UNABLE_TO_|SELF_SIGNED_CERT_IN_CHAIN)/,
    problem: "its certificate is signed by an authority that is not trusted here",
    cure: authority,
  },
  {
    codes: /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
    problem: "its certificate is self-signed, and is not trusted here",
    cure: "Name that certificate under mqtt.caFile, copied from the broker itself.",
  },
  {
    codes: /^CERT_HAS_EXPIRED$/,
    problem: "its certificate has expired, by this machine's clock",
    cure: "Renew the broker's certificate (`aurora keys server`), or set this machine's clock if that is ahead.",
  },
  {
    codes: /^CERT_NOT_YET_VALID$/,
    problem: "its certificate is not valid yet, by this machine's clock",
    cure: "Set this machine's clock, which is behind, or the clock of the machine that issued the certificate.",
  },
  {
    codes: /^INVALID_PURPOSE$/,
    problem: "its certificate was not issued for a server",
    cure: "Give the broker a certificate of a server (`aurora keys server`), not that of a client or an authority.",
  },
  {
    codes: /^CERT_|^CRL_|^INVALID_CA$|^PATH_LENGTH_EXCEEDED$|^HOSTNAME_MISMATCH$|^UNSPECIFIED$/,
    problem: "its certificate is not good",
    cure: "Issue the broker's certificate anew (`aurora keys server`).",
  },
  {
    codes: /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/,
    problem: "it asks for a client certificate that it takes",
    cure: ownCertificate,
  },
  {
    codes: /ALERT_CERTIFICATE_REVOKED/,
    problem: "its authority has revoked this client's certificate",
    cure: "A revoked id gets no certificate any more: enrol this client under another (`aurora fleet enrol`).",
    isOfOwn: true,
    isFinal: true,
  },
  {
    codes: /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)/,
    problem: "it does not take this client's certificate",
    cure: "Let the broker's authority sign it anew (`aurora keys client`), and compare both machines' clocks.",
    isOfOwn: true,
  },
  {
    codes: /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION/,
    problem: "it speaks no TLS 1.2 or newer",
    cure: "Let the broker speak TLS 1.2 or 1.3.",
  },
  { codes: /^ERR_SSL_|^EPROTO$/, problem: "no TLS is spoken on this port", cure: noTls },
  {
    codes: /^(ENOTFOUND|EAI_AGAIN)$/,
    problem: "no name server knows its name",
    cure: "Check mqtt.url and the network's DNS.",
  },
  {
    codes: /^ECONNREFUSED$/,
    problem: "the machine is there, and no broker listens on this port",
    cure: "Check the port, and that the broker runs.",
  },
  {
    codes: /^(EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/,
    problem: "there is no way to it, or no answer from it",
    cure: "Check the network, the route and the firewall between.",
  },
];

interface RefusalRow {
  readonly codes: readonly number[];
  readonly problem: string;
  readonly cure: string;
}

/** What a CONNACK refuses: MQTT 5 section 3.2.2.2, MQTT 3.1.1 section 3.2.2.3. */
const refusals: readonly RefusalRow[] = [
  {
    codes: [4, 5, 0x86, 0x87, 0x8c],
    problem: "it does not take this user name or password",
    cure: loginCure,
  },
  {
    codes: [2, 0x85],
    problem: "it does not take this client id",
    cure: "Let the broker's access list admit client ids that begin with aurora-.",
  },
  { codes: [0x8a], problem: "it has banned this client", cure: "Lift the ban at the broker." },
  {
    codes: [3, 0x88, 0x89, 0x97, 0x9f],
    problem: "it takes no more clients at present",
    cure: "Look at the broker's limits of connections.",
  },
];

/** Of a broker that answered a login with the reason `code`. */
export function describeConnectRefusal(code: number): ConnectFailure {
  const row = refusals.find(({ codes }) => codes.includes(code));
  const reason = `(reason 0x${code.toString(16).padStart(2, "0")})`;
  return { problem: `${row?.problem ?? "it refused the login"} ${reason}`, cure: row?.cure ?? loginCure };
}

/** Of a peer that ended a connection without TLS, or was silent, before it had answered the login. */
export function describeNoAnswer(problem: string): ConnectFailure {
  const isSilent = /connack timeout|nothing was heard/.test(problem);
  return { problem: isSilent ? "it does not answer a login" : problem, cure: noAnswerCure };
}

/** What begins a broker's first packet: CONNACK, DISCONNECT, AUTH. */
const firstOfBroker: ReadonlySet<number | undefined> = new Set([0x20, 0xe0, 0xf0]);

/** Who it is that answers a login with these first bytes; undefined: a broker. */
export function describePeer(first: Uint8Array): ConnectFailure | undefined {
  if (firstOfBroker.has(first[0])) return undefined;
  const text = Buffer.from(first.subarray(0, 8)).toString("latin1");
  if (text.startsWith("HTTP/")) {
    const cure = "Write the broker's port into mqtt.url, not that of a page or an API.";
    return { problem: "a web server answers on this port, and no broker of MQTT", cure };
  }
  // A TLS alert (RFC 8446 section 5.1).
  if (first[0] === 0x15 && first[1] === 3) {
    return { problem: "TLS is spoken on this port", cure: "Write mqtts://, and mqtt.caFile." };
  }
  return { problem: "what answers on this port is no broker of MQTT", cure: noBrokerCure };
}

/** Of a client, whose socket to a broker met `error`; undefined for what has no words here. */
export function describeConnectFailure(error: Error, own?: OwnCertificate): ConnectFailure | undefined {
  const { code, message } = error as Omit<NodeJS.ErrnoException, "code"> & { readonly code?: unknown };
  if (typeof code === "number") return describeConnectRefusal(code);
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return describeOtherName(error);
  if (message.includes("before secure TLS")) return hungUp;
  // Some come as OpenSSL's line alone.
  const name = typeof code === "string" ? code : /SSL routines/.test(message) ? upperCase(message) : "";
  const row = failures.find(({ codes }) => codes.test(name));
  if (row === undefined) return undefined;
  // What Node has no code for it gives OpenSSL's words.
  const shown = [row.isOfOwn ? describeOwn(own) : undefined, code === "UNSPECIFIED" ? message : code];
  const words = shown.filter((each) => typeof each === "string").join("; ");
  const cure = (row.isOfOwn && !row.isFinal ? adviseOfDates(own) : undefined) ?? row.cure;
  return { problem: words === "" ? row.problem : `${row.problem} (${words})`, cure };
}

/** As {@link describeConnectFailure}, of a client whose TLS handshake had not come to its end: a broker without TLS resets it. */
export function describeHandshakeEnd(error: Error, own?: OwnCertificate): ConnectFailure | undefined {
  return (error as NodeJS.ErrnoException).code === "ECONNRESET" ? hungUp : describeConnectFailure(error, own);
}

/** `…:tlsv13 alert certificate required:…` as its code would be. */
function upperCase(message: string): string {
  return `ERR_SSL_${message.toUpperCase().replace(/ /g, "_")}`;
}

const maxNamesLength = 200;

/** https://nodejs.org/api/tls.html#tlscheckserveridentityhostname-cert: the error knows host and certificate. */
function describeOtherName(error: Error): ConnectFailure {
  const { host = "this name", cert } = error as Error & {
    readonly host?: string;
    readonly cert?: {
      readonly subjectaltname?: string;
      readonly subject?: { readonly CN?: string | string[] };
    };
  };
  const names = (cert?.subjectaltname ?? String(cert?.subject?.CN ?? "no name"))
    .replace(/(DNS|IP Address):/g, "")
    .slice(0, maxNamesLength);
  return {
    problem: `its certificate is for ${names}, not for ${host} (ERR_TLS_CERT_ALTNAME_INVALID)`,
    cure: `Write a name that the certificate is for into mqtt.url, or issue one for ${host} (\`aurora keys server DIR ${host}\`).`,
  };
}

/** Of a broker: why a TLS connection of a client did not come about. */
export function describeHandshakeFailure(
  error: Error,
  { authorizationError }: Pick<TLSSocket, "authorizationError">,
): { readonly reason: string; readonly isVague: boolean } {
  const told = (reason: string): { readonly reason: string; readonly isVague: boolean } => {
    return { reason, isVague: false };
  };
  // Node says "hang up" of those that it has cut off itself.
  const refused = authorizationError as Error | string | null | undefined;
  const why = typeof refused === "string" ? refused : refused?.message;
  if (why === "CERT_HAS_EXPIRED") return told("its certificate has expired");
  if (why === "CERT_NOT_YET_VALID") return told("its certificate is not valid yet: is a clock wrong?");
  if (why === "INVALID_PURPOSE") return told("its certificate was not issued for a client");
  if (typeof why === "string") return told(`its certificate is not of the authority in caFile (${why})`);
  const { code = "" } = error as NodeJS.ErrnoException;
  if (code === "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE") {
    return told("it showed no certificate, and caFile asks every client for one");
  }
  if (/WRONG_VERSION|HTTP_REQUEST|UNKNOWN_PROTOCOL|BAD_RECORD/.test(code)) {
    return told("it spoke no TLS: its address begins with mqtts:// here");
  }
  if (/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION/.test(code)) return told("it speaks no TLS 1.2 or newer");
  if (/ALERT_(UNKNOWN_CA|BAD_CERT|CERTIFICATE)/.test(code)) {
    return told("it does not trust this broker's certificate");
  }
  if (code === "ERR_TLS_HANDSHAKE_TIMEOUT") return told("it did not finish the TLS handshake in time");
  if (/^ERR_SSL_/.test(code)) return told(`the TLS handshake failed (${code})`);
  return {
    reason: "it hung up during the TLS handshake: perhaps it does not trust this broker's certificate",
    isVague: true,
  };
}
