import { createRequire } from "node:module";
import { types } from "node:util";
import type { AST } from "@eslint-community/regexpp";
import { errorMessage } from "../../shared/errors.js";

/** Repetitions above which a choice in each of them makes too many ways to match the same text. */
const FEW_REPETITIONS = 10;

const require = createRequire(import.meta.url);

/**
 * Why a value is no pattern for log lines; undefined if it is one: a text that is not empty, or a regular expression without
 * exponential time on any line. Clients can bring text into the log.
 */
export function patternIssue(value: unknown): string | undefined {
  if (typeof value === "string" && value !== "") return undefined;
  if (!types.isRegExp(value)) return "expected a text that is not empty, or a regular expression";
  try {
    const slow = slowPart(value);
    if (slow !== undefined) {
      return (
        `expected a regular expression that takes no long time on any line: ${slow} can match the same text in many ways; ` +
        "let each part end at a character with which the next one cannot begin"
      );
    }
  } catch (error) {
    return `expected a regular expression that can be checked for how long it may take: ${errorMessage(error)}`;
  }
  return new RegExp(value.source, value.flags).test("")
    ? "expected a regular expression that does not match an empty line"
    : undefined;
}

/**
 * The part of an expression that may take a time that grows exponentially, or with a high power, of a line's length: neighbours
 * that repeat the same characters, or a repetition in which the next character does not determine the branch.
 */
function slowPart({ source, flags }: RegExp): string | undefined {
  // Loaded for configurations with expressions only: it takes some 50 ms.
  const { analyse } = require("scslre") as typeof import("scslre");
  const { visitRegExpAST } =
    require("@eslint-community/regexpp") as typeof import("@eslint-community/regexpp");
  const analysis = require("regexp-ast-analysis") as typeof import("regexp-ast-analysis");
  const { reports, parsed } = analyse({ source, flags }, { reportTypes: { Move: false } });
  const [report] = reports;
  if (report?.type === "Self") return report.parentQuant.raw;
  if (report?.type === "Trade") {
    const [first, last] = [report.startQuant, report.endQuant].sort((one, other) => one.start - other.start);
    return source.slice(Math.max(0, (first?.start ?? 1) - 1), (last?.end ?? 1) - 1);
  }

  type Choice = AST.Group | AST.CapturingGroup | AST.Quantifier;
  let slow: string | undefined;
  /** The characters with which a way can begin. */
  const begins = (way: AST.Alternative | AST.Element, choice: Choice) => {
    const direction = analysis.getMatchingDirection(way);
    const { char, empty } = analysis.getFirstConsumedChar(way, direction, parsed.flags);
    return empty ? char.union(after(choice)) : char;
  };
  const after = (choice: Choice) =>
    analysis.getFirstConsumedCharAfter(choice, analysis.getMatchingDirection(choice), parsed.flags).char;
  const isRepeated = (node: Choice): boolean =>
    analysis.getEffectiveMaximumRepetition(node) > FEW_REPETITIONS;
  const checkAlternatives = (group: AST.Group | AST.CapturingGroup): void => {
    if (group.alternatives.length < 2 || !isRepeated(group)) return;
    const ways = group.alternatives.map((way) => begins(way, group));
    const isClear = ways.every((way, index) =>
      ways.slice(index + 1).every((other) => way.isDisjointWith(other)),
    );
    if (!isClear) slow ??= group.raw;
  };
  visitRegExpAST(parsed.pattern, {
    onGroupEnter: checkAlternatives,
    onCapturingGroupEnter: checkAlternatives,
    onQuantifierEnter: (quantifier) => {
      if (quantifier.min === quantifier.max || !isRepeated(quantifier)) return;
      if (!begins(quantifier.element, quantifier).isDisjointWith(after(quantifier))) slow ??= quantifier.raw;
    },
  });
  return slow;
}
