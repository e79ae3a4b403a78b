/** The defects that were once found in what had landed, each as the attack that found it. Some are parts of their own: 2 is in disks, 3 in kills, 4 in clocks. */
import { attackCollector } from "./collector-defects.ts";
import { createFaultLedger, type FaultModule } from "./fault-ledger.ts";
import { startFaultSite } from "./fault-site.ts";
import { attackGateway } from "./gateway-defects.ts";

export const runDefects: FaultModule = async (options) => {
  const ledger = createFaultLedger(options.say);
  const site = await startFaultSite({ command: options.command, name: "defects" });
  try {
    const figures = await attackGateway(site, ledger);
    return ledger.report({ ...figures, ...(await attackCollector(site, ledger)) });
  } finally {
    await site.close();
  }
};
