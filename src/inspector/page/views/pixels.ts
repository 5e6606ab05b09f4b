/** A length as style sheets have it. */
export const pixels = (length: number): string => `${length}px`;
