import { durationText } from "./duration-text.js";

const AFTER = /^xstate\.after\.([^.]+)/;

/** An event's name as it is read: of a timer only what it waited for. */
export function eventLabel(event: string): string {
  const delay = AFTER.exec(event)?.[1];
  if (delay === undefined) return event;
  return `after ${/^\d+$/.test(delay) ? durationText(Number(delay)) : delay}`;
}
