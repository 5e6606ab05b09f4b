import { useEffect, useState } from "preact/hooks";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Counts how often the page's colours may have changed, for whoever paints with them outside of the style sheet. */
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
