/** Every kind of data set that `aurora train` knows, by `dataset.kind`. The only place that names them all. */
import { bearingRecipe } from "./bearing/bearing-recipe.ts";
import { lifeRecipe } from "./life/life-recipe.ts";
import type { AnyRecipe } from "./recipe.ts";
import { scadaRecipe } from "./scada/scada-recipe.ts";

/** The recipes. */
export const recipeTable: readonly AnyRecipe[] = [bearingRecipe, scadaRecipe, lifeRecipe];
