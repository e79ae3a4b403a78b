/** The server of updates: does it answer, does it have what a gateway looks for first, what does its clock say? Takes nothing from it. */
import { compareClock } from "./check-clock.ts";
import { type CheckResult, good, warning } from "./check-result.ts";

const answerMs = 5_000;
const name = "update server";
const advice = "Check updates.url and the collector behind it; the models here serve on.";

/** Asks for the newest metadata (TUF section 5.4); every answer of a server is dated (RFC 9110 section 6.6.1). */
export async function checkUpdateServer(url: string): Promise<readonly CheckResult[]> {
  const looked = `${url.replace(/\/+$/, "")}/metadata/timestamp.json`;
  try {
    const { status, headers } = await fetch(looked, {
      method: "HEAD",
      redirect: "manual",
      signal: AbortSignal.timeout(answerMs),
    });
    const dateMs = Date.parse(headers.get("date") ?? "");
    return [
      status === 200 ? good(name, `${new URL(url).host} answers`) : describeStatus(looked, status),
      ...(Number.isNaN(dateMs) ? [] : [compareClock("the update server", dateMs, Date.now())]),
    ];
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return [describeFailure(url, cause as NodeJS.ErrnoException)];
  }
}

function describeStatus(looked: string, status: number): CheckResult {
  const where = new URL(looked).pathname.startsWith("/tuf/")
    ? "Look whether the collector serves updates: registry.keysDir and registry.publish."
    : "Write the collector's address with /tuf behind it; there it serves updates, if it has registry.keysDir.";
  return warning(name, `there are no updates at ${looked}: it answers with status ${status}`, where);
}

function describeFailure(url: string, { code, message }: NodeJS.ErrnoException): CheckResult {
  if (/SSL|EPROTO/.test(`${code} ${message}`) && url.startsWith("https:")) {
    return warning(name, `${url}: no TLS is spoken on this port`, "Write http://, or the port with TLS.");
  }
  const isOther = /^(HPE_|UND_ERR_SOCKET|ECONNRESET)/.test(code ?? "");
  if (!isOther) return warning(name, `${url}: ${message}`, advice);
  const cure =
    "Is this the broker's port, or one with TLS? Write that of the collector's page (collector.httpPort).";
  return warning(name, `${url}: what listens there is no web server, or hangs up (${code})`, cure);
}
