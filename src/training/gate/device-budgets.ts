/** What a model may take on each class of device, when another model is in service there already. */
import type { Bundle } from "../../core/bundle/bundle.ts";
import type { DeviceBudget } from "../../core/contract/bundle/manifest.ts";

/**
 * The bundle's own budgets, none looser than the active model's, and the active model's for devices that the bundle
 * leaves out: a new model must not fit because it gave itself more room, or because it gave a device up.
 */
export function listBudgets(bundle: Bundle, against: Bundle | null): readonly DeviceBudget[] {
  const own = bundle.manifest.budgets;
  const active = against?.manifest.budgets ?? [];
  const left = active.filter(({ device }) => own.every((budget) => budget.device !== device));
  return [...own, ...left].map((budget) => {
    const rival = active.find(({ device }) => device === budget.device) ?? budget;
    return {
      device: budget.device,
      maxModelBytes: Math.min(budget.maxModelBytes, rival.maxModelBytes),
      maxInferenceMicroseconds: Math.min(budget.maxInferenceMicroseconds, rival.maxInferenceMicroseconds),
    };
  });
}
