/** The pages and the files that they need: loads values, renders them, compresses. */
import { idPattern } from "../../core/contract/topics.ts";
import type { FleetSource } from "../fleet/fleet-source.ts";
import { loadDriftPage } from "../fleet/load-drift-pages.ts";
import { loadOverviewPage, loadTurbinePage, type OverviewQuery } from "../fleet/load-pages.ts";
import { turbineSorts } from "../fleet/select-list.ts";
import { parsePageRange } from "../page/chart-section.ts";
import { renderDriftPage } from "../page/drift-page.ts";
import { html, type SafeHtml } from "../page/html.ts";
import { renderOverviewPage } from "../page/overview-page.ts";
import { renderLayout } from "../page/page-layout.ts";
import { type StaticFile, staticFiles, staticFolder } from "../page/static-files.ts";
import { renderTurbinePage } from "../page/turbine-page.ts";
import { compressResponse } from "./compress-response.ts";
import { errorResponse, type HttpRequest, type HttpResponse, type HttpRoute } from "./http-route.ts";

/** The routes of the pages and their files. */
export function pageRoutes(fleet: FleetSource): readonly HttpRoute[] {
  return [
    {
      method: "GET",
      path: "/",
      handle: async (request) => {
        const page = await loadOverviewPage(fleet, readOverviewQuery(request.query));
        return respond(request, renderOverviewPage(page, parsePageRange(request.query)));
      },
    },
    {
      method: "GET",
      path: "/turbine/:site/:turbine",
      handle: async (request) => {
        const { site = "", turbine = "" } = request.params;
        if (!idPattern.test(site) || !idPattern.test(turbine)) return answerNotFound(request);
        const day = readText(request.query, "day");
        const alertPage = readPage(request.query, "alerts");
        const page = await loadTurbinePage(fleet, { site, turbine, day, alertPage });
        if (page === null) return answerNotFound(request);
        return respond(request, renderTurbinePage(page, parsePageRange(request.query)));
      },
    },
    {
      method: "GET",
      path: "/drift",
      handle: async (request) => {
        const [site, day] = [readText(request.query, "site"), readText(request.query, "day")];
        const view = await loadDriftPage(fleet, { site, day, page: readPage(request.query, "page") });
        return respond(request, renderDriftPage(view));
      },
    },
    ...staticFiles.map(staticRoute),
  ];
}

/** A text of a query; null where it is not there, given twice, too long to be a name or not one that can be kept. */
function readText(query: unknown, name: string): string | null {
  const value = (query as Readonly<Record<string, unknown>> | null)?.[name];
  const isText = typeof value === "string" && value.length > 0 && value.length <= 64;
  return isText && !value.includes("\u0000") ? value : null;
}

/** No list has more parts. */
const maxPage = 100_000;

/** A number of a page, from 1; 1 where it is none. */
function readPage(query: unknown, name: string): number {
  const page = Number(readText(query, name) ?? 1);
  return Number.isInteger(page) && page >= 1 ? Math.min(page, maxPage) : 1;
}

function readOverviewQuery(query: unknown): OverviewQuery {
  const sort = turbineSorts.find((each) => each === readText(query, "sort")) ?? null;
  const [page, gatewayPage] = [readPage(query, "page"), readPage(query, "gateways")];
  const alertPage = readPage(query, "alerts");
  return { q: readText(query, "q") ?? "", sort, page, gatewayPage, alertPage };
}

/** Answers what is not there: in JSON below `/api/`, elsewhere with a page. */
export async function answerNotFound(request: HttpRequest): Promise<HttpResponse> {
  if (request.path.startsWith("/api/")) return errorResponse(404, "NOT_FOUND", "there is nothing here");
  const body = html`<section class="panel"><h1>Nothing here</h1>
    <p class="empty">This address is not known. <a href="/">Back to the fleet</a></p></section>`;
  const page = renderLayout({ title: "Not found", nowMs: null, trail: [], body });
  return { ...(await respond(request, page)), status: 404 };
}

/** Answers while the record cannot be asked: in JSON below `/api/`, elsewhere with a page. */
export async function answerUnavailable(request: HttpRequest): Promise<HttpResponse> {
  const headers = { "retry-after": "5" };
  if (!isPage(request)) {
    const answer = errorResponse(503, "STORE", "the record cannot be asked now; see the collector's log");
    return { ...answer, headers: { ...answer.headers, ...headers } };
  }
  const body = html`<section class="panel" id="unavailable"><h1>The record cannot be asked now</h1>
    <p class="empty">Gateways keep what they have until it can; the collector's log says why. <a href="">Try again</a></p></section>`;
  const page = renderLayout({ title: "Not now", nowMs: null, trail: [], body });
  const answer = await respond(request, page);
  return { ...answer, headers: { ...answer.headers, ...headers }, status: 503 };
}

function isPage({ path }: HttpRequest): boolean {
  return !path.startsWith("/api/") && !path.startsWith("/-/") && path !== "/metrics";
}

async function respond(request: HttpRequest, page: SafeHtml): Promise<HttpResponse> {
  const headers = { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" };
  return compressResponse(request, { status: 200, headers, body: `<!doctype html>\n${page.text}` });
}

function staticRoute({ name, contentType, bytes }: StaticFile): HttpRoute {
  const headers = { "cache-control": "public, max-age=31536000, immutable", "content-type": contentType };
  return {
    method: "GET",
    path: `${staticFolder}/${name}`,
    handle: (request) => compressResponse(request, { status: 200, headers, body: bytes }),
  };
}
