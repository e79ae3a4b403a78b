/** What a measuring point is called wherever it goes by one text. */
import type { PointId } from "./stream.ts";

/** `<site>/<turbine>/<component>`, of each point its own: no slash is in the id of a site or of a turbine. */
export function namePoint({ site, turbine, component }: PointId): string {
  return `${site}/${turbine}/${component}`;
}
