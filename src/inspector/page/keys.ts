import type { Inspector } from "./inspector.js";
import { TABS } from "./tabs.js";
import { toggleTheme } from "./theme.js";

/** Keys that work wherever one is, unless somebody types. */
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
