/** Words for many recordings, and those for fewer of them that count before. */
import { type Fields, isAbsent } from "../../../core/contract/fields.ts";
import { bearingWordKind } from "../sidecar/bearing-words.ts";
import { oneSpelling } from "../sidecar/sidecar-keys.ts";

/** `own` over `common`, however both spell a key. */
export function joinFields(common: Fields, own: Fields): Record<string, unknown> {
  const { more, rest } = splitCommonFields(common, own);
  return { ...rest, ...more, ...own };
}

/**
 * What `own` leaves of `common`. A bearing is one word in whatever form: where `own` names it, or gives its orders or its
 * geometry, no other form of `common` is left.
 * @returns more: what completes the bearing that `own` begins to give; rest: what is said of other things
 */
export function splitCommonFields(
  common: Fields,
  own: Fields,
): { readonly more: Record<string, unknown>; readonly rest: Record<string, unknown> } {
  const said = new Set(Object.keys(own).map(oneSpelling));
  const forms = new Set(
    Object.entries(own).flatMap(([key, value]) => (isAbsent(value) ? [] : (bearingWordKind(key) ?? []))),
  );
  const left = Object.entries(common).filter(([key]) => {
    const form = bearingWordKind(key);
    return !said.has(oneSpelling(key)) && (form === null || forms.size === 0 || forms.has(form));
  });
  const completes = ([key]: readonly [string, unknown]): boolean =>
    forms.size > 0 && bearingWordKind(key) !== null;
  return {
    more: Object.fromEntries(left.filter(completes)),
    rest: Object.fromEntries(left.filter((each) => !completes(each))),
  };
}
