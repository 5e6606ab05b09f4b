import { type Payload, PayloadError } from "tsworker";
import { faultsOf, type Rule } from "./faults-of.js";
import { isObject } from "./is-object.js";

/**
 * Makes a `requestParser`: unwraps a payload that came as `{ input: { … } }`, as it does from some clients, and refuses
 * one that breaks a rule, naming every field that does.
 */
export function checked(rules: Readonly<Record<string, Rule>>): (payload: Payload) => Payload {
  return (given) => {
    const payload = isObject(given.input) ? given.input : given;
    const faults = faultsOf(rules, payload);
    if (Object.keys(faults).length > 0) throw new PayloadError(faults);
    return payload;
  };
}
