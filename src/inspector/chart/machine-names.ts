/** The machines that a worker is made of, by their ids: to name them takes none of their code. */
export const MACHINE_NAMES = ["worker", "model", "key", "reporter", "session"] as const;

/** One of {@link MACHINE_NAMES}. */
export type MachineName = (typeof MACHINE_NAMES)[number];
