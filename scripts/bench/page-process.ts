/** Program of the processes of `bench-pages.ts`, so that nobody's wait is counted as another's: a collector, or its gateways. */
import { serveBench } from "./page-collector.ts";
import { sendAtRate } from "./page-gateways.ts";

const [role, place = "", ...numbers] = process.argv.slice(2);
const [turbines = 0, rate = 0, seconds = 0] = numbers.map(Number);

if (role === "collector") {
  await serveBench(place, turbines);
} else {
  process.send?.(await sendAtRate({ url: place, rate, seconds, turbines }));
  process.disconnect();
}
