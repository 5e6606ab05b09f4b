/** What others wrote is not to end the line, nor to move a terminal's cursor. */
export const inOneLine = (text: string): string => text.replace(/\p{Cc}+/gu, " ").trim();
