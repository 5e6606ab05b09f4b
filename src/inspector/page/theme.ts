import { effect, signal } from "@preact/signals";

export type Theme = "light" | "dark";

const KEY = "tsworker.inspector.theme";

function initial(): Theme {
  const kept = localStorage.getItem(KEY);
  if (kept === "light" || kept === "dark") return kept;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** The page's colours: those of the system until somebody chooses. */
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
