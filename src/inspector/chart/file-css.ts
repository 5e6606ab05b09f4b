/** Style sheet of a chart that stands in a file of its own: light or dark as its reader likes it. */
export const FILE_CSS = `
.chart { --paper: #ffffff; --box: #f8fafc; --deep: #f1f5f9; --line: #cbd5e1; --way: #64748b; --ink: #0f172a; --soft: #64748b; }
@media (prefers-color-scheme: dark) {
  .chart { --paper: #0d1117; --box: #161b22; --deep: #11161d; --line: #3b4554; --way: #8b98a9; --ink: #e6edf3; --soft: #8b98a9; }
}
.chart { background: var(--paper); }
.chart text { font: 11px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: var(--ink); }
.chart .title { font: 600 13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
.chart .does, .chart .mark text { fill: var(--soft); }
.chart .mark text { text-anchor: middle; }
.chart .box { fill: var(--box); stroke: var(--line); }
.chart .compound > .box, .chart .parallel > .box { fill: var(--deep); }
.chart .region > .box { stroke-dasharray: 5 4; }
.chart .mark > .box { fill: var(--paper); stroke-dasharray: 3 3; }
.chart .state[data-state=""] > .box { fill: var(--paper); }
.chart .inner { fill: none; stroke: var(--line); }
.chart .label { fill: var(--paper); stroke: var(--line); stroke-width: 0.75; }
.chart .way { fill: none; stroke: var(--way); stroke-width: 1.2; }
.chart .head, .chart .dot { fill: var(--way); }
`;
