/** `aurora doctor`: looks at everything that a gateway needs, and says of each what is wrong and what to do. */
import { Command, Option } from "commander";
import type { GatewayProfile } from "../../core/contract/config/gateway-config.ts";
import { endFirst } from "../../core/platform/daemon/end-first.ts";
import { listChecks } from "../doctor/list-checks.ts";
import { renderCheck, renderTotal } from "../doctor/render-checks.ts";
import { runChecks } from "../doctor/run-checks.ts";
import { installedSource } from "../installation.ts";
import { gatewayConfigOption } from "../terminal/options.ts";
import { hasColours, printIndented } from "../terminal/print-reply.ts";

interface DoctorCommandOptions {
  readonly config: string;
  readonly profile?: GatewayProfile;
  readonly json?: boolean;
}

export function doctorCommand(): Command {
  return new Command("doctor")
    .addOption(gatewayConfigOption())
    .addOption(
      new Option(
        "--profile <name>",
        "what `aurora gateway` will be started with, where it is; of a gateway that runs its own counts",
      ).choices(["standard", "small"]),
    )
    .option("--json", "print one JSON object: {ok, results}")
    .addHelpText(
      "after",
      `
Works whether the gateway runs or not, and changes nothing but this: the collector is sent one
record, an event by the name doctor.test, to see that it is stored. While no gateway runs it also
logs in at each OPC UA server with security, as the configured user, and out again. Call it as the
gateway's user: rights are looked at, too.
Exit code 0: nothing is wrong (there may be warnings), 1: something is, 2: it was called in a wrong
way.

Examples:
  $ aurora doctor
  $ sudo -u aurora aurora doctor --config /etc/aurora/gateway.yaml
  $ aurora doctor --config gateway.yaml --json
`,
    )
    .action(examine);
}

async function examine({ config, json, ...others }: DoctorCommandOptions): Promise<void> {
  // It opens bundles, maybe within the limit of the gateway that it looks at.
  endFirst(process.pid);
  const checks = listChecks({ ...installedSource(config), ...others });
  const colour = hasColours(process.stdout) ? "colour" : "plain";
  const results = await runChecks(checks, (result) => {
    if (!json) process.stdout.write(renderCheck(result, colour));
  });
  const ok = results.every(({ verdict }) => verdict !== "bad");
  if (json) printIndented({ ok, results });
  else process.stdout.write(`\n${renderTotal(results)}`);
  if (!ok) process.exitCode = 1;
}
