/** Whether a status says that the same request may succeed later, or elsewhere. */
export const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500;
