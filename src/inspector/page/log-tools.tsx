import { useInspector } from "./inspector.js";

interface LogToolsProps {
  readonly fault: string | undefined;
  readonly shown: number;
  readonly kept: number;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

/** The filter of the log. */
export function LogTools({ fault, shown, kept, onKeyDown }: LogToolsProps) {
  const { filter, isLogOfActor, actor } = useInspector();
  // Letters belong to the box; what moves through the list works from it, too.
  const onBoxKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && event.currentTarget instanceof HTMLElement) event.currentTarget.blur();
    if (event.key === "ArrowDown" || event.key === "ArrowUp" || event.key === "Enter") onKeyDown(event);
  };
  const { type, text, errorsOnly } = filter.value;
  return (
    <search class="tools">
      <input
        type="search"
        id="log-type"
        class={fault === undefined ? "" : "wrong"}
        placeholder="event, or /pattern/"
        aria-label="Filter by event"
        title={fault ?? "Part of the event's name, or a pattern between slashes"}
        value={type}
        onKeyDown={onBoxKey}
        onInput={({ currentTarget }) => {
          filter.value = { ...filter.peek(), type: currentTarget.value };
        }}
      />
      <input
        type="search"
        id="log-text"
        placeholder="search in payloads  /"
        aria-label="Search in payloads"
        value={text}
        onKeyDown={onBoxKey}
        onInput={({ currentTarget }) => {
          filter.value = { ...filter.peek(), text: currentTarget.value };
        }}
      />
      <label>
        <input
          type="checkbox"
          checked={isLogOfActor.value}
          onChange={({ currentTarget }) => {
            isLogOfActor.value = currentTarget.checked;
          }}
        />
        only <b>{actor.value?.id ?? "the selected actor"}</b>
      </label>
      <label>
        <input
          type="checkbox"
          checked={errorsOnly}
          onChange={({ currentTarget }) => {
            filter.value = { ...filter.peek(), errorsOnly: currentTarget.checked };
          }}
        />
        errors only
      </label>
      <span class="spring" />
      {fault === undefined ? (
        <span class="fact" data-testid="log-count">
          {shown === kept
            ? shown.toLocaleString("en")
            : `${shown.toLocaleString("en")} of ${kept.toLocaleString("en")}`}
        </span>
      ) : (
        <span class="fact bad" role="alert">
          {fault}
        </span>
      )}
    </search>
  );
}
