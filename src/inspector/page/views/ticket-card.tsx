import { useState } from "preact/hooks";
import type { TicketView } from "../../recorder/frames.js";
import { ageText } from "./age-text.js";
import { clockText } from "./clock-text.js";
import { shorten } from "./shorten.js";
import { unitText } from "./unit-text.js";

/** Characters of an id that fit into a card. */
const ID_LENGTH = 13;

/** What a ticket does. */
export type TicketTone = "running" | "waiting" | "leaving";

/** A ticket of a queue: its id, its workload beside the largest one, and how long ago it arrived. */
export function TicketCard(props: {
  readonly ticket: TicketView;
  /** Workload whose bar is as wide as the card. */
  readonly largest: number;
  readonly now: number;
  readonly tone: TicketTone;
  /** It is not seen entering, if it is new. */
  readonly isInCrowd?: boolean;
  /** 1: it is next. */
  readonly turn?: number;
}) {
  const { ticket, largest, now, tone, turn } = props;
  const [enters] = useState(props.isInCrowd === true ? "" : "lanes-enters");
  const share = largest > 0 ? ticket.workload / largest : 0;
  return (
    <li
      class={`lanes-card ${enters} lanes-${tone}`}
      title={`${ticket.id}, workload ${ticket.workload}, arrived at ${clockText(ticket.at)}`}
    >
      <span class="lanes-id">{shorten(ticket.id, ID_LENGTH)}</span>
      <span class="lanes-turn">{turn}</span>
      <span class="lanes-workload">{unitText(ticket.workload, "units")}</span>
      <span class="lanes-age">{ageText(now - ticket.at)}</span>
      <span class="lanes-bar">
        <span style={{ width: `${share * 100}%` }} />
      </span>
    </li>
  );
}
