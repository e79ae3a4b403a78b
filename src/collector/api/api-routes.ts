/** The JSON API as one table: what is served, what may be asked and what is answered. OpenAPI and server are made from it. */
import { z } from "zod";
import { idPattern } from "../../core/contract/topics.ts";
import { hourMs } from "../../core/maths/durations.ts";
import type { FleetSource } from "../fleet/fleet-source.ts";
import { loadModels, loadUpdates } from "../fleet/load-models.ts";
import { loadPredictions } from "../fleet/load-predictions.ts";
import { loadGateways, loadMachines, loadTurbines } from "../fleet/load-turbines.ts";
import {
  gatewaySorts,
  searchGateways,
  searchTurbines,
  sortGateways,
  sortTurbines,
  turbineSorts,
} from "../fleet/select-list.ts";
import * as schemas from "./api-schemas.ts";
import { type ApiRoute, defineRoute } from "./define-route.ts";
import { driftRoutes } from "./drift-routes.ts";
import { evidenceRoutes } from "./evidence-routes.ts";
import type { HttpRoute } from "./http-route.ts";

const id = z.string().regex(idPattern);
const limit = z.coerce.number().int().min(1).max(500).default(100);
const offset = z.coerce.number().int().min(0).max(1_000_000).default(0);
const epochMs = z.coerce.number().min(0).max(8.64e15);
const q = z.string().max(128).default("").describe("Words that must all occur");
/** `page` counts from 1, in pages of `limit`; it goes before `offset`. */
const page = { limit, offset, page: z.coerce.number().int().min(1).max(100_000).optional() };
const pageQuery = z.strictObject(page);
const listQuery = z.strictObject({ gateway: id.optional(), q, ...page });

/** All routes below `/api/v1`, but the OpenAPI document itself. */
export const apiRoutes: readonly ApiRoute[] = [
  defineRoute({
    path: "/api/v1/turbines",
    summary:
      "Turbines with health and operating state; the operating state of a silent one is information-unavailable, and its health too unless an alarm stands",
    query: z.strictObject({ ...page, q, sort: z.enum(turbineSorts).optional() }),
    response: schemas.turbinesSchema,
    answer: async (fleet, query) => {
      const found = searchTurbines((await loadMachines(fleet)).turbines, query.q);
      const part = slice(query.sort === undefined ? found : sortTurbines(found, query.sort), query);
      return { ...part, items: await loadTurbines(fleet, part.items) };
    },
  }),
  defineRoute({
    path: "/api/v1/alerts",
    summary: "Alarms with their latest event and their life; active ones first",
    query: z.strictObject({
      site: id.optional(),
      turbine: id.optional(),
      active: z.enum(["true", "false"]).optional(),
      q,
      ...page,
    }),
    response: schemas.alertsSchema,
    answer: async (fleet, query) => {
      const active = query.active === undefined ? undefined : query.active === "true";
      return {
        ...pageOf(query),
        ...(await fleet.record.alarms({ ...query, ...pageOf(query), active, search: query.q })),
      };
    },
  }),
  defineRoute({
    path: "/api/v1/alerts/events",
    summary:
      "Events of one alarm as published, but for fields that this collector does not know, in the order in which they came: of each its model, lines, objections and shares",
    query: z.strictObject({
      alarm: z.coerce
        .number()
        .int()
        .min(1)
        .max(Number.MAX_SAFE_INTEGER)
        .describe("`alarm` of /api/v1/alerts"),
      event: z.string().min(1).max(512).optional().describe("`eventId` of one of its steps; left out: all"),
      ...page,
    }),
    response: schemas.alertEventsSchema,
    answer: async (fleet, query) => ({
      ...pageOf(query),
      ...(await fleet.record.alertEvents({ ...query, ...pageOf(query) })),
    }),
  }),
  defineRoute({
    path: "/api/v1/predictions",
    summary:
      "Calibrated probabilities of one turbine over time, in columns; default: the last hour, or the last `spanMs`, up to now or to the newest one of a device whose clock is ahead",
    query: z
      .strictObject({
        site: id,
        turbine: id,
        component: z.string().min(1).max(256).optional(),
        fromMs: epochMs.optional(),
        toMs: epochMs.optional(),
        spanMs: epochMs.min(1).optional(),
        steps: z.coerce.number().int().min(2).max(2_000).default(500),
      })
      .refine((query) => (query.fromMs ?? 0) < (query.toMs ?? 8.64e15), "fromMs must be before toMs"),
    response: schemas.predictionsSchema,
    answer: (fleet, query) => loadPredictions(fleet, { ...query, spanMs: query.spanMs ?? hourMs }),
  }),
  ...driftRoutes,
  ...evidenceRoutes,
  defineRoute({
    path: "/api/v1/gateways",
    summary: "Gateways with their last health",
    query: z.strictObject({ ...page, q, sort: z.enum(gatewaySorts).optional() }),
    response: schemas.gatewaysSchema,
    answer: async (fleet, query) => {
      const found = searchGateways(await loadGateways(fleet), query.q);
      return slice(query.sort === undefined ? found : sortGateways(found, query.sort), query);
    },
  }),
  defineRoute({
    path: "/api/v1/models",
    summary: "Models that are known here or in use",
    query: z.strictObject({
      ...page,
      turbines: z.coerce
        .number()
        .int()
        .min(0)
        .optional()
        .describe("How many turbines are named of each at most; default: all"),
    }),
    response: schemas.modelsSchema,
    answer: async (fleet, query) => {
      const part = slice(await loadModels(fleet), query);
      const cut = part.items.map((model) => ({
        ...model,
        turbines: model.turbines.slice(0, query.turbines),
      }));
      return { ...part, items: cut };
    },
  }),
  defineRoute({
    path: "/api/v1/updates",
    summary: "Steps of model updates on the gateways, newest first",
    query: listQuery,
    response: schemas.updatesSchema,
    answer: async (fleet, query) => ({
      ...pageOf(query),
      ...(await loadUpdates(fleet, { ...query, ...pageOf(query), search: query.q })),
    }),
  }),
  defineRoute({
    path: "/api/v1/events",
    summary: "Schema drift, declared gaps and other things that people should know, newest first",
    query: listQuery,
    response: schemas.eventsSchema,
    answer: async (fleet, query) => ({
      ...pageOf(query),
      ...(await fleet.record.events({ ...query, ...pageOf(query), search: query.q })),
    }),
  }),
  defineRoute({
    path: "/api/v1/quarantine",
    summary: "Messages that could not be understood, counted by topic and reason",
    query: pageQuery,
    response: schemas.quarantineSchema,
    answer: async (fleet, query) => {
      const { total, items } = await fleet.record.quarantine(query.limit + pageOf(query).offset);
      const shown = items.map(({ sample, ...entry }) => ({
        ...entry,
        sampleHex: Buffer.from(sample).toString("hex"),
      }));
      return { ...slice(shown, query), total };
    },
  }),
];

/** The routes of the table, over a fleet. */
export function apiHttpRoutes(fleet: FleetSource): readonly HttpRoute[] {
  return apiRoutes.map(({ path, answer }) => ({
    method: "GET",
    path,
    handle: (request) => answer(fleet, request),
  }));
}

interface PageQuery {
  readonly limit: number;
  readonly offset: number;
  readonly page?: number | undefined;
}

function pageOf({ limit, offset, page }: PageQuery): { readonly limit: number; readonly offset: number } {
  return { limit, offset: page === undefined ? offset : (page - 1) * limit };
}

function slice<T>(items: readonly T[], query: PageQuery): PageQuery & { total: number; items: readonly T[] } {
  const { limit, offset } = pageOf(query);
  return { total: items.length, limit, offset, items: items.slice(offset, offset + limit) };
}
