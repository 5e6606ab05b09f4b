import type { ComponentChildren } from "preact";

/** Explains the signs of a chart. */
export function ChartLegend() {
  return (
    <details class="chart-legend">
      <summary>legend</summary>
      <dl>
        <Sign name="a state; highlighted: it is active">
          <g class="state atomic">{box}</g>
          <g class="state atomic lit" transform="translate(36)">
            {box}
          </g>
        </Sign>
        <Sign name="the machine begins here, and ends in a double frame">
          <circle class="dot" cx={16} cy={12} r={5} />
          <g class="state final" transform="translate(36)">
            {box}
            <rect class="inner" x={4} y={5} width={22} height={14} rx={3} />
          </g>
        </Sign>
        <Sign name="a state among several that are active at once">
          <g class="state region" transform="translate(18)">
            {box}
          </g>
        </Sign>
        <Sign name="an event leads from a state to another">
          <g class="edge">
            <path class="way" d="M2 12 H56" />
            <path class="head" d="M64 12 L56 8 V16 Z" />
            <rect class="label" x={14} y={4} width={32} height={16} rx={4} />
            <text class="line" x={18} y={16}>
              name
            </text>
          </g>
        </Sign>
        <Sign name="one of the last transitions; 1 is the newest">
          <g class="edge trail" style={{ "--fresh": "100%" }}>
            <path class="way" d="M2 12 H56" />
            <path class="head" d="M64 12 L56 8 V16 Z" />
          </g>
          <g class="trail-badge">
            <rect x={20} y={4} width={16} height={16} rx={8} />
            <text x={28} y={16}>
              1
            </text>
          </g>
        </Sign>
        <Sign name="from each of the states around it">
          <g class="mark">
            <rect class="box" x={1} y={3} width={66} height={18} rx={9} />
            <text x={34} y={16}>
              any state
            </text>
          </g>
        </Sign>
        <Word text="name">in a state: an event that it handles without leaving</Word>
        <Word text="↻ name">the state is left and entered anew</Word>
        <Word text="after …">when so much time has passed; amber: it is running</Word>
        <Word text="[name]">a guard: only if this holds</Word>
        <Word text="/ name">an action: done then</Word>
        <Word text="do / name">an actor that runs while the state is active</Word>
      </dl>
    </details>
  );
}

const box = <rect class="box" x={1} y={2} width={28} height={20} rx={5} />;

function Sign(props: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>
        <svg class="chart" width={68} height={24} aria-hidden="true">
          {props.children}
        </svg>
      </dt>
      <dd>{props.name}</dd>
    </>
  );
}

function Word(props: { readonly text: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>
        <code>{props.text}</code>
      </dt>
      <dd>{props.children}</dd>
    </>
  );
}
