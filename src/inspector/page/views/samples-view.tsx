import { useCallback, useState } from "preact/hooks";
import type { Sample } from "../../recorder/frames.js";
import { useTheme } from "../theme.js";
import { SAMPLE_CHARTS } from "./sample-charts.js";
import { SamplePlot } from "./sample-plot.js";
import { useViewport } from "./use-viewport.js";
import "uplot/dist/uPlot.min.css";
import "./samples-view.css";

/** Pixels: a chart has that width at least; between two charts; left and right of them. */
const LEAST = 330;
const GAP = 12;
const AROUND = 12;
/** Pixels within a chart, left and right of what is drawn. */
const WITHIN = 10;

/**
 * The worker over the last 10 minutes.
 *
 * @param props.samples oldest first, one per second.
 */
export function SamplesView({ samples }: { readonly samples: readonly Sample[] }) {
  const [ref, viewport] = useViewport<HTMLDivElement>();
  const [cursor, setCursor] = useState<number | undefined>(undefined);
  const onCursor = useCallback(setCursor, []);
  const theme = useTheme();
  const room = viewport.width - 2 * AROUND;
  const columns = Math.max(1, Math.floor((room + GAP) / (LEAST + GAP)));
  const width = Math.floor((room - (columns - 1) * GAP) / columns) - 2 * WITHIN;
  return (
    <div class="samples" ref={ref}>
      {samples.length === 0 ? (
        <p class="samples-empty">No samples yet: the first comes within a second.</p>
      ) : (
        <div class="samples-grid" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
          {width > 0 &&
            SAMPLE_CHARTS.map((chart) => (
              <SamplePlot
                key={chart.title}
                chart={chart}
                samples={samples}
                width={width}
                theme={theme}
                cursor={cursor}
                onCursor={onCursor}
              />
            ))}
        </div>
      )}
    </div>
  );
}
