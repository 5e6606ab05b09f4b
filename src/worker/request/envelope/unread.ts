import { type Answer, answers, type Faults } from "../../server/answer.js";
import type { BodyFormat } from "./body-format.js";

/** Why a body is no envelope that could be judged, or is not read. */
export type Unread =
  | { readonly kind: "invalid"; readonly format: BodyFormat }
  | { readonly kind: "faults"; readonly faults: Faults }
  /** There is no room for what is not verified. */
  | { readonly kind: "crowded" }
  /** It comes in too many pieces of too few bytes. */
  | { readonly kind: "slivers" };

/** The answer to a body that could not be read. */
export function answerToUnread(unread: Unread): Answer {
  switch (unread.kind) {
    case "invalid":
      return unread.format === "json" ? answers.invalidJson() : answers.invalidMsgpack();
    case "faults":
      return answers.faults(unread.faults);
    case "crowded":
      return answers.crowded();
    case "slivers":
      return answers.slivers();
  }
}
