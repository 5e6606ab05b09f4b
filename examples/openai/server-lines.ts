/**
 * A line that the supervisor of the image logs when a server has ended, such as
 * `2026-08-01 12:00:00,123 INFO exited: vllm (exit status 1; not expected)`.
 */
export const exited = (program: string): RegExp => new RegExp(`^[\\d:, -]*INFO exited: ${program}\\b`);

/** A line of a download, as the image logs it. */
export const DOWNLOADING = '"message":"Download';
