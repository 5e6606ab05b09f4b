import { useInspector } from "./inspector.js";
import { clockText } from "./views/format.js";

/** Banners of errors, recordings and the past, each with a button that leads back. */
export function Banners() {
  return (
    <div class="banners">
      <FaultBanner />
      <RecordingBanner />
      <PastBanner />
    </div>
  );
}

function FaultBanner() {
  const { fault } = useInspector();
  if (fault.value === undefined) return null;
  const dismiss = (): void => {
    fault.value = undefined;
  };
  return (
    <div class="banner banner-bad" role="alert">
      <span>{fault.value}</span>
      <button type="button" onClick={dismiss}>
        Dismiss
      </button>
    </div>
  );
}

function RecordingBanner() {
  const inspector = useInspector();
  const source = inspector.source.value;
  if (source.kind === "live") return null;
  return (
    <div class="banner banner-lit" role="status">
      <span>
        Recording <b>{source.name}</b>, read-only
        {source.isCutOff && "; its last line was cut off and is left out"}
      </span>
      <button type="button" onClick={() => inspector.backToLive()}>
        Back to live
      </button>
    </div>
  );
}

function PastBanner() {
  const inspector = useInspector();
  const past = inspector.store.past.value;
  if (past === undefined) return null;
  return (
    <div class="banner banner-accent" role="status" data-testid="past">
      <span>
        Looking back to <b>{clockText(past.at)}</b>, record {past.n}
      </span>
      <button type="button" onClick={() => inspector.returnToNow()} title="Escape">
        Return to now
      </button>
    </div>
  );
}
