/** `aurora baseline`: how a gateway's points stand against their healthy baselines, and learning one anew after a repair or an inspection. */
import { Command, Option } from "commander";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { maxReasonLength } from "../../core/contract/baseline-report.ts";
import { askBaselines, askRenewal } from "../ask/ask-baselines.ts";
import { loadGatewayConfig } from "../ask/ask-gateway.ts";
import { nameUser } from "../terminal/name-user.ts";
import { gatewayConfigOption } from "../terminal/options.ts";
import { printReply } from "../terminal/print-reply.ts";
import { renderBaselines, renderRenewal } from "../terminal/render-baselines.ts";

interface BaselineFlags {
  readonly config: string;
  readonly json?: boolean;
}

interface RenewalFlags extends BaselineFlags {
  readonly reason?: string;
  readonly foundHealthy?: boolean;
  readonly foundFault?: boolean;
}

export function baselineCommand(): Command {
  return new Command("baseline")
    .addCommand(showCommand())
    .addCommand(renewCommand())
    .addHelpText(
      "after",
      `
Example:
  $ aurora baseline show
  $ aurora baseline renew WT07 generator-bearing --reason 'bearing replaced'`,
    );
}

function showCommand(): Command {
  return new Command("show")
    .description("show how far points have learnt what is healthy, and what they are held against")
    .argument("[turbine]", "id of the turbine (default: all)")
    .argument("[component]", "component of it (default: all)")
    .addOption(gatewayConfigOption())
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
A point is learning until it has its own reference: enough windows of the operating turbine, over
enough hours, that did not move meanwhile. Severity is in dB above that reference.

Example:
  $ aurora baseline show WT07 generator-bearing`,
    )
    .action(async (turbine: string | undefined, component: string | undefined, flags: BaselineFlags) => {
      const points = await askBaselines(loadGatewayConfig(flags.config), { turbine, component });
      printReply(flags.json, { points }, () => renderBaselines(points));
    });
}

function renewCommand(): Command {
  return new Command("renew")
    .description(
      "let a point learn anew what is healthy, from now on: after a repair, with another sensor, or when it was found healthy",
    )
    .argument("<turbine>", "id of the turbine")
    .argument("<component>", "component that was repaired or looked at")
    .addOption(gatewayConfigOption())
    .option(
      "--reason <text>",
      `what was done, one line of at most ${maxReasonLength} characters; must be given`,
    )
    .option("--found-healthy", "somebody has inspected it and there was nothing to repair")
    .addOption(
      new Option("--found-fault", "somebody has inspected it and there was a fault").conflicts(
        "foundHealthy",
      ),
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
The reference in use is let go, and the evidence against it. Active alarms are not cleared: each
goes on until its own rule ends it, held against healthy machines in general from now on. Of a
machine that lies above them, by a line of its own at the fault's place, it stands longer; if an
inspection after the repair finds nothing, --found-healthy ends it. Time, user and reason go to the
gateway's log and to the collector. Call it when the turbine is back in healthy operation: whatever
it does from then on is what it is held against, unless it looks faulty. Calling it again starts
learning over once more, and does no other harm.

Some healthy machines look faulty. With --found-healthy, and only after an inspection, active alarms
end, and what the machine looks like is no reason to refuse it: it is the reference, which says so.
What rises clearly above it is raised, on such a machine days later than on others. Give it at the
load at which the alarm stood: what was heard in the last windows before it is what was found
healthy. It holds for later models too, until the next renewal or another baselineEpoch.

With --found-healthy and --found-fault the collector is told what was found beside what the model
had said: by such outcomes it counts how well the model decides (\`aurora drift report\`, the page).

Examples:
  $ aurora baseline renew WT07 generator-bearing --found-fault --reason 'bearing replaced'
  $ aurora baseline renew WT07 gearbox --found-healthy --reason 'endoscope: raceways clean'`,
    )
    .action(async (turbine: string, component: string, flags: RenewalFlags) => {
      const { reason, foundHealthy = false, foundFault = false } = flags;
      if (reason === undefined) throw refuseReasonless(`${turbine} ${component}`);
      const config = loadGatewayConfig(flags.config);
      const reply = await askRenewal(config, {
        turbine,
        component,
        reason,
        by: nameUser(),
        ...(foundHealthy ? { foundHealthy } : {}),
        ...(foundFault ? { foundFault } : {}),
      });
      printReply(flags.json, reply, () => renderRenewal(reply));
    });
}

function refuseReasonless(subject: string): AuroraError {
  return new AuroraError("USAGE", `nothing says why ${subject} is to be learnt anew`, {
    op: "renew baseline",
    subject,
    hint: "Say in one line what was done, for example --reason 'bearing replaced': it is kept, and shown to whoever asks later.",
  });
}
