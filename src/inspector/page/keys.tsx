import { Fragment } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type Inspector, useInspector } from "./inspector.js";
import { TABS } from "./tabs.js";
import { toggleTheme } from "./theme.js";

/** Keys that work everywhere but in text fields. */
export function listenToKeys(inspector: Inspector): () => void {
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (inspector.isHelpOpen.peek()) return;
    if (act(inspector, event)) event.preventDefault();
  };
  window.addEventListener("keydown", onKeyDown);
  return () => window.removeEventListener("keydown", onKeyDown);
}

/** @returns whether the key means something. */
function act(inspector: Inspector, { key, target }: KeyboardEvent): boolean {
  const tab = TABS[Number(key) - 1]?.tab;
  if (tab !== undefined) {
    inspector.tab.value = tab;
    return true;
  }
  switch (key) {
    case " ":
      // On a button, a space presses it.
      if (target instanceof HTMLElement && target.matches("button, summary, input, label")) return false;
      inspector.togglePause();
      return true;
    case "/":
      inspector.tab.value = "log";
      requestAnimationFrame(() => document.getElementById("log-text")?.focus());
      return true;
    case "f":
      inspector.tab.value = "machine";
      requestAnimationFrame(() => document.getElementById("chart-search")?.focus());
      return true;
    case "?":
      inspector.isHelpOpen.value = true;
      return true;
    case "Escape":
      inspector.leave();
      return true;
    case "[":
    case "]":
      inspector.step(key === "[" ? -1 : 1);
      return true;
    case "j":
    case "k":
    case "Home":
    case "End":
      return handToLog(key);
    case "t":
      toggleTheme();
      return true;
    default:
      return false;
  }
}

/** The log's own keys work beside it, too. */
function handToLog(key: string): boolean {
  const list = document.querySelector<HTMLElement>(".log .list");
  list?.focus({ preventScroll: true });
  list?.dispatchEvent(new KeyboardEvent("keydown", { key }));
  return list !== null;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && !["checkbox", "range", "file"].includes(target.type);
}

const KEYS: readonly (readonly [string, string])[] = [
  ["1 … 6", "tabs, from Machine to Errors"],
  ["Space", "pause, and resume"],
  ["/", "search in the log"],
  ["f", "find a state or an event in the chart"],
  ["j  k", "next and previous record; arrows work, too"],
  ["Home  End", "first and newest record"],
  ["Enter", "in the log: look back to the record; in the tree: the actor's machine"],
  ["[  ]", "one record back and on in time"],
  ["Escape", "back to now; then close the details"],
  ["← →", "in the tree: fold and unfold"],
  ["+  -  a  0", "in a chart: larger, smaller, the active states, the whole"],
  ["t", "light and dark"],
  ["?", "this page"],
];

/** The keys of the page. */
export function Help() {
  const { isHelpOpen } = useInspector();
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = isHelpOpen.value;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-label="Keys"
      onClose={() => {
        isHelpOpen.value = false;
      }}
    >
      <h2>Keys</h2>
      <dl>
        {KEYS.map(([key, meaning]) => (
          <Fragment key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </Fragment>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
