import type { SafeValue } from "../recorder/frames.js";

interface ValueViewProps {
  readonly value: SafeValue;
  readonly name?: string;
  /** Levels that are unfolded at first. */
  readonly open?: number;
}

/** Plain data to be read, unfolded and copied. */
export function ValueView({ value, name, open = 2 }: ValueViewProps) {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    return (
      <div class="value">
        <Name name={name} />
        <Leaf value={value} />
      </div>
    );
  }
  const entries: readonly (readonly [string, SafeValue])[] = Object.entries(value);
  return (
    <details class="value" open={open > 0}>
      <summary>
        <Name name={name} />
        <span class="value-size">{Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`}</span>
      </summary>
      <div class="value-inner">
        {entries.map(([key, inner]) => (
          <ValueView key={key} name={key} value={inner} open={open - 1} />
        ))}
      </div>
    </details>
  );
}

/** A value in one line. */
export function Leaf({ value }: { readonly value: SafeValue }) {
  const kind = value === null ? "null" : typeof value;
  return <span class={`leaf leaf-${kind}`}>{JSON.stringify(value)}</span>;
}

function Name({ name }: { readonly name: string | undefined }) {
  return name === undefined ? null : <span class="value-name">{name}</span>;
}
