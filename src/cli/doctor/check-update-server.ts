/**
 * The server of updates: does it answer, does it have what a gateway looks for first and until when is that good, what does its clock
 * say? Verifies nothing, and keeps nothing of it.
 */
import { renderIsoTime } from "../../core/contract/iso-time.ts";
import { maxTimestampBytes } from "../../core/contract/publication.ts";
import { readExpiry } from "../../core/platform/daemon/file-warnings.ts";
import { readBodyBounded } from "../../core/platform/files/read-body.ts";
import { cureCertificate } from "../../core/platform/tls-cures.ts";
import { type GetResponse, httpGet } from "../../gateway/updates/http-get.ts";
import { compareClock } from "./check-clock.ts";
import { type CheckResult, good, warning } from "./check-result.ts";

const name = "update server";
const advice = "Check updates.url and the collector behind it; the models here serve on.";

const places = { authorities: "updates.caFile", address: "updates.url" };

/**
 * Asks for the newest metadata (TUF section 5.4); every answer of a server is dated (RFC 9110 section 6.6.1).
 * @param caFile as `updates.caFile`
 * @param answerMs how long all of the answer may take
 */
export async function checkUpdateServer(
  url: string,
  caFile: string | null = null,
  answerMs = 5_000,
): Promise<readonly CheckResult[]> {
  const looked = `${url.replace(/\/+$/, "")}/metadata/timestamp.json`;
  try {
    const response = await httpGet(looked, { caFile, stallMs: answerMs, deadlineMs: answerMs });
    const dateMs = Date.parse(response.headers.date ?? "");
    return [
      await describeAnswer(looked, response),
      ...(Number.isNaN(dateMs) ? [] : [compareClock("the update server", dateMs, Date.now())]),
    ];
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return [describeFailure(url, cause as NodeJS.ErrnoException)];
  }
}

async function describeAnswer(looked: string, response: GetResponse): Promise<CheckResult> {
  const { status, discard } = response;
  if (status === 200) return describeTimestamp(looked, await readTimestamp(response));
  discard();
  return describeStatus(looked, status);
}

/** Empty where it is larger than one may be. */
async function readTimestamp({ body, discard }: GetResponse): Promise<string> {
  const tooLong = (): RangeError => new RangeError("a timestamp without end");
  try {
    return (await readBodyBounded(body, maxTimestampBytes, tooLong)).toString();
  } catch (error) {
    if (error instanceof RangeError) return "";
    throw error;
  } finally {
    discard();
  }
}

function describeTimestamp(looked: string, timestamp: string): CheckResult {
  const endsMs = readExpiry(timestamp);
  if (endsMs === null) return warning(name, `what is at ${looked} is no metadata of updates`, advice);
  if (endsMs > Date.now()) return good(name, `${new URL(looked).host} answers`);
  const text = `${looked} has expired on ${renderIsoTime(endsMs).slice(0, 10)}: gateways take nothing from there`;
  return warning(
    name,
    text,
    "Look at the clocks, and at the collector's log: it signs nothing past the end of its root.",
  );
}

function describeStatus(looked: string, status: number): CheckResult {
  const where = new URL(looked).pathname.startsWith("/tuf/")
    ? "Look whether the collector serves updates: registry.keysDir and registry.publish."
    : "Write the collector's address with /tuf behind it; there it serves updates, if it has registry.keysDir.";
  return warning(name, `there are no updates at ${looked}: it answers with status ${status}`, where);
}

function describeFailure(url: string, error: NodeJS.ErrnoException): CheckResult {
  const { code, message } = error;
  const certificate = cureCertificate(error, places);
  if (certificate !== undefined) return warning(name, `${url}: ${message}`, certificate);
  if (/SSL|EPROTO/.test(`${code} ${message}`) && url.startsWith("https:")) {
    return warning(name, `${url}: no TLS is spoken on this port`, "Write http://, or the port with TLS.");
  }
  const isOther = /^(HPE_|UND_ERR_SOCKET|ECONNRESET)/.test(code ?? "");
  if (!isOther) return warning(name, `${url}: ${message}`, advice);
  const cure =
    "Is this the broker's port, or one with TLS? Write that of the collector's page (collector.httpPort).";
  return warning(name, `${url}: what listens there is no web server, or hangs up (${code})`, cure);
}
