import { useRef, useState } from "preact/hooks";
import type { ActorRow, FlowView, LaneView, TicketView } from "../../recorder/frames.js";
import { assignSlots } from "./departing.js";
import { ageText, clockText, shorten, unitText } from "./format.js";
import { useCrowd, useDeparting } from "./use-departing.js";
import "./lanes-view.css";

/** Of the slots of a queue so many are drawn at least, as far as it has them; more where tickets run in them. */
const SLOTS_DRAWN = 24;

type LaneCounts = NonNullable<ActorRow["lane"]>;

const count = (number: number): string => number.toLocaleString("en");

function Facts({ counts, now }: { readonly counts: LaneCounts; readonly now: number }) {
  const { waiting, running, limit, oldestAt } = counts;
  return (
    <dl class="lanes-facts">
      <div>
        <dt>Running</dt>
        <dd>
          {count(running)}
          <small>{limit === null ? "no limit" : `of ${count(limit)}`}</small>
        </dd>
      </div>
      <div>
        <dt>Waiting</dt>
        <dd>{count(waiting)}</dd>
      </div>
      <div>
        <dt>Oldest wait</dt>
        <dd>{oldestAt === undefined ? "–" : ageText(now - oldestAt)}</dd>
      </div>
    </dl>
  );
}

interface LaneProps {
  readonly lane: LaneView;
  readonly counts: LaneCounts;
  readonly now: number;
}

function Running({ lane, counts, now, largest }: LaneProps & { readonly largest: number }) {
  const slots = useRef<readonly (string | undefined)[]>([]);
  const ids = lane.running.map(({ id }) => id);
  const isInCrowd = useCrowd(ids);
  slots.current = assignSlots(slots.current, ids);
  const tickets = new Map(lane.running.map((ticket) => [ticket.id, ticket]));
  const used = slots.current.length;
  const length = counts.limit === null ? used : Math.max(used, Math.min(counts.limit, SLOTS_DRAWN));
  const shared = { largest, now, isInCrowd };
  const beyond = counts.running - lane.running.length;
  const free = counts.limit === null ? 0 : counts.limit - length - beyond;
  return (
    <section class="lanes-part" aria-label="Running">
      <h3>Running</h3>
      {length === 0 && <p class="lanes-empty">No request is running.</p>}
      <ol class="lanes-cards">
        {Array.from({ length }, (_none, slot) => {
          const ticket = tickets.get(slots.current[slot] ?? "");
          if (ticket === undefined) return <li key={`slot ${slot}`} class="lanes-slot" />;
          return <TicketCard key={ticket.id} {...shared} ticket={ticket} tone="running" />;
        })}
      </ol>
      {beyond > 0 && <p class="lanes-more">{count(beyond)} more are running</p>}
      {free > 0 && <p class="lanes-more">{count(free)} more slots are free</p>}
    </section>
  );
}

function Waiting({ lane, counts, now, largest }: LaneProps & { readonly largest: number }) {
  const shown = useDeparting(lane.waiting, lane.running);
  const isInCrowd = useCrowd(lane.waiting.map(({ id }) => id));
  const shared = { largest, now, isInCrowd };
  const beyond = counts.waiting - lane.waiting.length;
  const isFull = counts.limit !== null && counts.running >= counts.limit;
  let turn = 0;
  return (
    <section class="lanes-part" aria-label="Waiting">
      <h3>
        Waiting<small>in the order of their turns</small>
      </h3>
      {shown.length === 0 && beyond === 0 && (
        <p class="lanes-empty">
          {isFull ? "No request waits." : "No request waits: a new one runs at once."}
        </p>
      )}
      <ol class="lanes-cards">
        {shown.map(({ ticket, leftAt }) => {
          if (leftAt !== undefined)
            return <TicketCard key={ticket.id} {...shared} ticket={ticket} tone="leaving" />;
          turn++;
          return <TicketCard key={ticket.id} {...shared} ticket={ticket} tone="waiting" turn={turn} />;
        })}
      </ol>
      {beyond > 0 && <p class="lanes-more">{count(beyond)} more wait behind them</p>}
    </section>
  );
}

/** The clients of a fair queue. */
function Flows({ flows, beyond }: { readonly flows: readonly FlowView[]; readonly beyond: number }) {
  return (
    <section class="lanes-part" aria-label="Flows">
      <h3>
        Flows<small>share the turns by weight</small>
      </h3>
      <table class="lanes-flows">
        <thead>
          <tr>
            <th>API key</th>
            <th>Waiting</th>
            <th>Running</th>
            <th title="Workload that would have its turn before a new request">Workload ahead</th>
          </tr>
        </thead>
        <tbody>
          {flows.map(({ name, waiting, running, ahead }) => (
            <tr key={name}>
              <td title={name}>{name === "" ? "none" : shorten(name, NAME_LENGTH)}</td>
              <td>{count(waiting)}</td>
              <td>{count(running)}</td>
              <td>{unitText(ahead, "units")}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {beyond > 0 && <p class="lanes-more">{count(beyond)} more flows</p>}
    </section>
  );
}

function Lane({ lane, counts, now }: LaneProps) {
  const largest = [...lane.running, ...lane.waiting].reduce(
    (most, { workload }) => Math.max(most, workload),
    0,
  );
  const parts = { lane, counts, now, largest };
  return (
    <>
      {lane.flows !== undefined && <Flows flows={lane.flows} beyond={lane.flowsLeftOut ?? 0} />}
      <Running {...parts} />
      <Waiting {...parts} />
    </>
  );
}

/**
 * A queue as it is now: who runs, and who waits in which order.
 *
 * @param props.lane of `row`; undefined: its tickets are not known.
 * @param props.now epoch milliseconds on the worker's clock.
 */
export function LanesView(props: {
  readonly lane: LaneView | undefined;
  readonly row: ActorRow;
  readonly now: number;
}) {
  const { lane, row, now } = props;
  if (row.lane === undefined) return <p class="lanes-empty">{row.id} is no queue: it has no tickets.</p>;
  return (
    <div class="lanes">
      <Facts counts={row.lane} now={now} />
      {lane === undefined ? (
        <p class="lanes-empty">The tickets of this queue are not known.</p>
      ) : (
        <Lane key={row.ref} lane={lane} counts={row.lane} now={now} />
      )}
    </div>
  );
}

/** Characters of an id that fit into a card. */
const ID_LENGTH = 13;

/** Characters of a flow's name that are shown. */
const NAME_LENGTH = 32;

/** State of a ticket. */
type TicketTone = "running" | "waiting" | "leaving";

/** A ticket of a queue: its id, its workload beside the largest one, and how long ago it arrived. */
function TicketCard(props: {
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
  const ofKey = ticket.flow === undefined || ticket.flow === "" ? "" : `, API key ${ticket.flow}`;
  const share = largest > 0 ? ticket.workload / largest : 0;
  return (
    <li
      class={`lanes-card ${enters} lanes-${tone}`}
      title={`${ticket.id}${ofKey}, workload ${ticket.workload}, arrived at ${clockText(ticket.at)}`}
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
