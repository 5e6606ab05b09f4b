import { effect, signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";

type Theme = "light" | "dark";

const KEY = "tsworker.inspector.theme";

function initial(): Theme {
  const kept = localStorage.getItem(KEY);
  if (kept === "light" || kept === "dark") return kept;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** The page's colours: the system's until the user chooses. */
export const theme = signal<Theme>(initial());

export function toggleTheme(): void {
  theme.value = theme.peek() === "dark" ? "light" : "dark";
  localStorage.setItem(KEY, theme.peek());
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (localStorage.getItem(KEY) === null) theme.value = initial();
});

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Number of times that the page's colours may have changed, for code that paints with them outside of the style sheet. */
export function useTheme(): number {
  const [changes, setChanges] = useState(0);
  useEffect(() => {
    const count = (): void => setChanges((before) => before + 1);
    const attributes = new MutationObserver(count);
    attributes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    dark.addEventListener("change", count);
    return () => {
      attributes.disconnect();
      dark.removeEventListener("change", count);
    };
  }, []);
  return changes;
}
