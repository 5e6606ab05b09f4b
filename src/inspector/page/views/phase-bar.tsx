import { durationText } from "./duration-text.js";
import type { Phase } from "./phases.js";
import "./phase-bar.css";

/** The class that gives a phase its colour. */
export const phaseClass = ({ name }: Pick<Phase, "name">): string => `phase phase-${name.replace(" ", "-")}`;

/** Where a request's time went, in one line. */
export function PhaseBar({ phases }: { readonly phases: readonly Phase[] }) {
  return (
    <span class="phase-bar" title={phases.map(({ name, ms }) => `${name} ${durationText(ms)}`).join(" · ")}>
      {phases.map((phase) => (
        <span key={phase.name} class={phaseClass(phase)} style={{ flexGrow: phase.share }} />
      ))}
    </span>
  );
}
