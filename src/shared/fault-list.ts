/** The message about several faults at once, a line each. */
export const faultList = (subject: string, faults: readonly string[]): string =>
  `${subject} has ${faults.length === 1 ? "1 fault" : `${faults.length} faults`}:\n${faults
    .map((fault) => `  ${fault}`)
    .join("\n")}`;
