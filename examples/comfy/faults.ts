/** What is wrong with a payload and what to do about it, by field. */
export type Faults = Record<string, string>;
