/** Style of the report's page, light and dark. */
export const REPORT_CSS = `
:root { color-scheme: light dark; --back: #f6f7f9; --card: #fff; --text: #1c2430; --soft: #667085; --rule: #e4e7ec;
  --blue: #2563eb; --green: #16915a; --amber: #c77700; --red: #d92d20; --violet: #7c3aed; --grey: #98a2b3; }
@media (prefers-color-scheme: dark) {
  :root { --back: #0e1116; --card: #161b22; --text: #e6e9ee; --soft: #8b96a5; --rule: #262d37;
    --blue: #6ea8fe; --green: #4ade96; --amber: #f5b54a; --red: #ff7b72; --violet: #b794f6; --grey: #6b7684; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 28px 24px 48px; background: var(--back); color: var(--text);
  font: 14px/1.45 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
header { display: flex; align-items: baseline; gap: 12px; flex-wrap: wrap; margin-bottom: 20px; }
h1 { font-size: 20px; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 13px; margin: 0 0 10px; font-weight: 600; }
header p { margin: 0; flex-basis: 100%; color: var(--soft); overflow-wrap: anywhere; }
.badge { font-size: 12px; font-weight: 600; padding: 2px 9px; border-radius: 99px; color: var(--green);
  background: color-mix(in srgb, var(--green) 14%, transparent); }
.badge.interrupted { color: var(--amber); background: color-mix(in srgb, var(--amber) 16%, transparent); }
.note { margin: 0 0 16px; padding: 10px 14px; border-radius: 8px; color: var(--amber);
  background: color-mix(in srgb, var(--amber) 10%, transparent); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 12px; margin-bottom: 16px; }
.tile, figure, section { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; }
.tile { padding: 12px 14px; }
.tile span { display: block; color: var(--soft); font-size: 12px; }
.tile b { display: block; font-size: 21px; font-weight: 600; letter-spacing: -0.01em; white-space: nowrap; }
.tile.bad b { color: var(--red); }
.tables { align-items: start; }
.plots, .tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 1fr)); gap: 16px; margin-bottom: 16px; }
figure { margin: 0; padding: 14px 14px 6px; }
figcaption { display: flex; align-items: baseline; gap: 8px; flex-wrap: wrap; font-size: 13px; margin-bottom: 6px; }
.unit { color: var(--soft); font-size: 12px; }
.legend { margin-left: auto; display: flex; gap: 12px; font-size: 12px; color: var(--soft); }
.key::before { content: ""; display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin-right: 5px; vertical-align: 3px;
  background: var(--line); }
svg { display: block; width: 100%; height: auto; }
.blue { --line: var(--blue); } .green { --line: var(--green); } .amber { --line: var(--amber); }
.red { --line: var(--red); } .violet { --line: var(--violet); } .grey { --line: var(--grey); }
.line { fill: none; stroke: var(--line); stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
.line.dots { stroke-width: 5; }
.line.grey { stroke-width: 4; opacity: 0.35; }
.grid { stroke: var(--rule); fill: none; }
.tick { fill: var(--soft); font-size: 11px; }
.slot rect { fill: transparent; }
.slot path { stroke: var(--soft); stroke-dasharray: 2 3; fill: none; visibility: hidden; }
.slot:hover path { visibility: visible; }
section + section { margin-top: 16px; }
section { padding: 14px 16px; min-width: 0; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th { text-align: right; color: var(--soft); font-weight: 500; font-size: 12px; padding: 0 0 6px 14px; white-space: nowrap; }
td { text-align: right; padding: 5px 0 5px 14px; border-top: 1px solid var(--rule); white-space: nowrap; }
tr:first-child td { border-top: 0; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
td.text { text-align: left; white-space: normal; overflow-wrap: anywhere; color: var(--soft); }
pre { margin: 0 0 4px; font: 12px/1.5 ui-monospace, monospace; overflow: hidden; text-overflow: ellipsis; color: var(--soft); }
@media print { body { background: none; } figure, section, .tile { break-inside: avoid; } }
`;
