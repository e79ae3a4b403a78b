/** `GET /alarms` and `POST /alarms/TURBINE/COMPONENT/FAILURE-MODE`: a gateway's alarms, for this machine's operator. */
import {
  type AlarmList,
  type AlarmReply,
  alarmOrderSchema,
  alarmsPath,
} from "../../core/contract/alarm-report.ts";
import type { AlarmDesk } from "../alarms/alarm-desk.ts";
import {
  answerJson,
  expectOperator,
  type GatewayRequest,
  type GatewayRoute,
  matchPlace,
  readOrder,
  refuseRequest,
} from "./gateway-http.ts";

/** Creates both routes. */
export function createAlarmRoutes(desk: AlarmDesk): readonly GatewayRoute[] {
  return [
    {
      method: "GET",
      path: alarmsPath,
      answer: ({ actor }) => {
        expectOperator(actor);
        return answerJson({ alarms: desk.list() } satisfies AlarmList);
      },
    },
    { method: "POST", path: `${alarmsPath}/`, answer: (request) => answerJson(act(request, desk)) },
  ];
}

function act({ path, body, actor }: GatewayRequest, desk: AlarmDesk): AlarmReply {
  expectOperator(actor);
  const place = matchPlace(path, `${alarmsPath}/:/:/:`);
  if (place === null)
    throw refuseRequest("USAGE", `there is only POST ${alarmsPath}/TURBINE/COMPONENT/FAILURE-MODE`);
  const [turbine = "", component = "", failureMode = ""] = place;
  const order = readOrder(body, alarmOrderSchema(), "nothing to do to an alarm");
  return desk.act({ turbine, component, failureMode }, order);
}
