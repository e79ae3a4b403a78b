/** Every kind of data set that `aurora train` knows, by `dataset.kind`. The only place that names them all. */

import type { AnyRecipe } from "./recipe.ts";
import { bearingRecipe } from "./recipes/bearing/bearing-recipe.ts";
import { scadaRecipe } from "./recipes/scada/scada-recipe.ts";

/** The recipes. */
export const recipeTable: readonly AnyRecipe[] = [bearingRecipe, scadaRecipe];
