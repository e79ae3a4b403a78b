/** `aurora alert`: a gateway's alarms, and what people do to them: acknowledge, shelve, take out of service. */
import { Command, Option } from "commander";
import { type AlarmOrder, type AlarmPlace, maxShelvedHours } from "../../core/contract/alarm-report.ts";
import { askAlarmStep, askAlarms } from "../ask/ask-alarms.ts";
import { loadGatewayConfig } from "../ask/ask-gateway.ts";
import { nameUser } from "../terminal/name-user.ts";
import { gatewayConfigOption, parseNumber } from "../terminal/options.ts";
import { printReply } from "../terminal/print-reply.ts";
import { renderAlarmStep, renderAlarms } from "../terminal/render-alarms.ts";

interface AlertFlags {
  readonly config: string;
  readonly json?: boolean;
}

interface ShelveFlags extends AlertFlags {
  readonly hours: number;
  readonly end?: boolean;
}

interface MaintainFlags extends AlertFlags {
  readonly end?: boolean;
}

/** As commander hands them over. */
type StepArguments<Flags> = [turbine: string, component: string, failureMode: string, flags: Flags];

export function alertCommand(): Command {
  return new Command("alert")
    .addCommand(listCommand())
    .addCommand(acknowledgeCommand())
    .addCommand(shelveCommand())
    .addCommand(maintainCommand())
    .addHelpText(
      "after",
      `
Example:
  $ aurora alert list
  $ aurora alert ack WT07 generator-bearing inner-race`,
    );
}

function listCommand(): Command {
  return new Command("list")
    .description("list the alarms that stand, are withheld, or wait to be acknowledged")
    .argument("[turbine]", "id of the turbine (default: all)")
    .addOption(gatewayConfigOption())
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Example:
  $ aurora alert list WT07`,
    )
    .action(async (turbine: string | undefined, flags: AlertFlags) => {
      const alarms = await askAlarms(loadGatewayConfig(flags.config), turbine);
      printReply(flags.json, { alarms }, () => renderAlarms(alarms));
    });
}

/** A command that does something to one alarm. */
function stepCommand(name: string, description: string, help: string): Command {
  return new Command(name)
    .description(description)
    .argument("<turbine>", "id of the turbine")
    .argument("<component>", "component of it")
    .argument("<failure-mode>", "as `aurora alert list` prints it")
    .addOption(gatewayConfigOption())
    .option("--json", "print one JSON object")
    .addHelpText("after", `\n${help}`);
}

function acknowledgeCommand(): Command {
  return stepCommand(
    "ack",
    "acknowledge an alarm: somebody has seen it",
    `An alarm that is over and was never acknowledged stays listed until somebody has. One that stands
goes on, and ends by its own rule. Subscribers and the collector are told, with the alarm's state.

Example:
  $ aurora alert ack WT07 generator-bearing inner-race`,
  ).action((...[turbine, component, failureMode, flags]: StepArguments<AlertFlags>) =>
    act({ turbine, component, failureMode }, flags, { action: "acknowledge" }),
  );
}

function shelveCommand(): Command {
  return stepCommand(
    "shelve",
    "hide an alarm for some hours",
    `What the machine does is followed beneath, and its health stays what it is; the alarm is shown again
when the hours are over.

Examples:
  $ aurora alert shelve WT07 generator-bearing inner-race --hours 12
  $ aurora alert shelve WT07 generator-bearing inner-race --end`,
  )
    .option("--hours <number>", "for how long", parseNumber(0.01, maxShelvedHours), 8)
    .addOption(new Option("--end", "show it again now").conflicts("hours"))
    .action((...[turbine, component, failureMode, flags]: StepArguments<ShelveFlags>) =>
      act(
        { turbine, component, failureMode },
        flags,
        flags.end === true ? { action: "unshelve" } : { action: "shelve", hours: flags.hours },
      ),
    );
}

function maintainCommand(): Command {
  return stepCommand(
    "maintain",
    "take an alarm out of service while its machine or sensor is worked on",
    `It stays out until --end, over restarts. Its component is of unknown health meanwhile. After a
repair call \`aurora baseline renew\` as well.

Examples:
  $ aurora alert maintain WT07 generator-bearing inner-race
  $ aurora alert maintain WT07 generator-bearing inner-race --end`,
  )
    .option("--end", "put it back into service")
    .action((...[turbine, component, failureMode, flags]: StepArguments<MaintainFlags>) =>
      act({ turbine, component, failureMode }, flags, {
        action: flags.end === true ? "return-to-service" : "remove-from-service",
      }),
    );
}

async function act(
  place: AlarmPlace,
  { config, json }: AlertFlags,
  order: Omit<AlarmOrder, "by">,
): Promise<void> {
  const reply = await askAlarmStep(loadGatewayConfig(config), place, { ...order, by: nameUser() });
  printReply(json, reply, () => renderAlarmStep(place, reply));
}
