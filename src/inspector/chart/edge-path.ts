import type { Point } from "./laid-out-chart.js";

/** Pixels that a corner is rounded by, where there is room. */
const RADIUS = 6;
const HEAD_LENGTH = 8;
const HEAD_HALF_WIDTH = 4;

/** An edge's line as SVG path data, up to the back of its head, with rounded corners. */
export function edgePath(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return "";
  const corners = rest.slice(0, -1).map((corner, index) => {
    const before = points[index] ?? first;
    const after = points[index + 2] ?? last;
    const radius = Math.min(RADIUS, distance(before, corner) / 2, distance(corner, after) / 2);
    return `L${at(towards(corner, before, radius))} Q${at(corner)} ${at(towards(corner, after, radius))}`;
  });
  return [`M${at(first)}`, ...corners, `L${at(towards(last, points.at(-2) ?? first, HEAD_LENGTH - 1))}`].join(
    " ",
  );
}

/** The arrow's head at an edge's end. */
export function edgeHead(points: readonly Point[]): string {
  const tip = points.at(-1);
  const before = points.at(-2);
  if (tip === undefined || before === undefined) return "";
  const back = towards(tip, before, HEAD_LENGTH);
  const share = HEAD_HALF_WIDTH / HEAD_LENGTH;
  const [dx, dy] = [(back.y - tip.y) * share, (tip.x - back.x) * share];
  const sides = [1, -1].map((side) => at({ x: back.x + side * dx, y: back.y + side * dy }));
  return `M${at(tip)} L${sides.join(" L")} Z`;
}

const distance = (from: Point, to: Point): number => Math.hypot(to.x - from.x, to.y - from.y);

/** The point that lies so many pixels from one point on the way to another. */
function towards(from: Point, to: Point, pixels: number): Point {
  const share = pixels / (distance(from, to) || 1);
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

const at = ({ x, y }: Point): string => `${tenths(x)} ${tenths(y)}`;

const tenths = (length: number): number => Math.round(length * 10) / 10;
