import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { findNames, lightFound } from "./light.js";

/**
 * Finds states and events of a chart by a part of their names. Enter goes to the next one, Shift+Enter to the one before,
 * Escape ends the search.
 *
 * @param props.drawing of the chart; when it changes, it is searched anew.
 * @param props.onShow scrolls to what was found.
 */
export function ChartSearch(props: {
  readonly drawing: string | undefined;
  readonly picture: RefObject<HTMLElement | null>;
  readonly onShow: (found: SVGElement) => void;
}) {
  const { drawing, picture, onShow } = props;
  const [text, setText] = useState("");
  const [place, setPlace] = useState(0);
  const [count, setCount] = useState(0);
  useLayoutEffect(() => {
    if (picture.current === null) return;
    const found = findNames(picture.current, text);
    const shown = found[place];
    lightFound(picture.current, found, shown);
    setCount(found.length);
    if (shown !== undefined) onShow(shown);
  }, [drawing, text, place]);

  const search = (next: string): void => {
    setText(next);
    setPlace(0);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") search("");
    else if (event.key === "Enter" && count > 0) setPlace((place + (event.shiftKey ? count - 1 : 1)) % count);
  };
  return (
    <search class="chart-search">
      <input
        id="chart-search"
        type="search"
        placeholder="state or event"
        title="Key f"
        aria-label="Find a state or an event"
        value={text}
        onInput={({ currentTarget }) => search(currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {text.trim() !== "" && <output>{count === 0 ? "none" : `${place + 1} of ${count}`}</output>}
    </search>
  );
}
