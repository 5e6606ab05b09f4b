const MIN_SCALE = 0.1;
const MAX_SCALE = 4;
/** A press of a key, or a click on a button. */
const STEP = 1.25;
/** Pixels of the wheel that make the picture e times as large. */
const WHEEL = 360;
/** A small chart is enlarged by so much at most. Text is as large as it is drawn at least: 11 pixels. */
const MOST_AT_FIRST = 1.25;
/** Pixels that are kept free around what is scrolled to. */
const MARGIN = 24;

interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Scrolls and zooms a chart in its frame. The keys `+` and `-`, and the wheel with Ctrl, zoom; dragging scrolls, and so does
 * all that scrolls elsewhere. It follows the active states until the user has scrolled or zoomed.
 */
export class ChartScroll {
  readonly #frame: HTMLElement;
  readonly #svg: SVGSVGElement;
  readonly #size: { readonly width: number; readonly height: number };
  readonly #ends = new AbortController();
  readonly #resizes: ResizeObserver;
  #scale = 1;
  #follows = true;

  constructor(frame: HTMLElement, svg: SVGSVGElement) {
    this.#frame = frame;
    this.#svg = svg;
    this.#size = { width: svg.width.baseVal.value, height: svg.height.baseVal.value };
    const { signal } = this.#ends;
    frame.addEventListener("wheel", (event) => this.#onWheel(event), { signal, passive: false });
    frame.addEventListener("pointerdown", (event) => this.#onPress(event), { signal });
    frame.addEventListener("pointermove", (event) => this.#onMove(event), { signal });
    frame.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    this.#resizes = new ResizeObserver(() => {
      if (this.#follows) this.showActive();
    });
    this.#resizes.observe(frame);
  }

  /** Leaves the frame alone. */
  end(): void {
    this.#ends.abort();
    this.#resizes.disconnect();
  }

  /** Shows all of the chart, however small that makes it. */
  showWhole(): void {
    this.#follows = false;
    this.#setScale(Math.min(this.#fitting(), 1));
  }

  /** Shows the active states at the default zoom, and follows them. */
  showActive(): void {
    this.#setScale(Math.min(MOST_AT_FIRST, Math.max(1, this.#fitting())));
    this.#follows = true;
    this.follow();
  }

  /** Scrolls to the active states, unless the user has scrolled elsewhere. Where they lie too far apart, to the last edge. */
  follow(): void {
    if (!this.#follows) return;
    const active = [...this.#svg.querySelectorAll(".state.lit:is(.atomic, .final)")];
    const taken = [...this.#svg.querySelectorAll(".taken")];
    const together = areaOf(active);
    if (together !== undefined && this.#fits(together)) this.#center(together);
    else this.#center(areaOf(taken.slice(0, 1)) ?? areaOf(active.slice(0, 1)));
  }

  /** Scrolls to an element, and stays there. */
  reveal(element: Element): void {
    this.#follows = false;
    this.#center(areaOf([element]));
  }

  /** Zooms around the frame's middle by a step. */
  zoomIn(): void {
    this.#zoom(STEP);
  }

  zoomOut(): void {
    this.#zoom(1 / STEP);
  }

  /** The scale at which all of the chart is in view. */
  #fitting(): number {
    const { clientWidth, clientHeight } = this.#frame;
    return Math.min(clientWidth / this.#size.width, clientHeight / this.#size.height);
  }

  #setScale(scale: number): void {
    this.#scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale));
    this.#svg.style.width = `${this.#size.width * this.#scale}px`;
    this.#svg.style.height = `${this.#size.height * this.#scale}px`;
  }

  #zoom(factor: number, x = this.#frame.clientWidth / 2, y = this.#frame.clientHeight / 2): void {
    this.#follows = false;
    const before = this.#scale;
    const { scrollLeft, scrollTop } = this.#frame;
    this.#setScale(before * factor);
    const by = this.#scale / before;
    this.#frame.scrollTo((scrollLeft + x) * by - x, (scrollTop + y) * by - y);
  }

  #fits({ left, top, right, bottom }: Area): boolean {
    const { clientWidth, clientHeight } = this.#frame;
    return right - left + 2 * MARGIN <= clientWidth && bottom - top + 2 * MARGIN <= clientHeight;
  }

  /** Brings an area into the frame's middle, if some of it is out of view. */
  #center(area: Area | undefined): void {
    if (area === undefined) return;
    const { left, top } = this.#frame.getBoundingClientRect();
    const { clientWidth, clientHeight } = this.#frame;
    const isInView =
      area.left >= left &&
      area.top >= top &&
      area.right <= left + clientWidth &&
      area.bottom <= top + clientHeight;
    if (isInView) return;
    this.#frame.scrollBy(
      (area.left + area.right - clientWidth) / 2 - left,
      (area.top + area.bottom - clientHeight) / 2 - top,
    );
  }

  #onWheel(event: WheelEvent): void {
    this.#follows = false;
    // With Ctrl, as browsers zoom; a pinch on a touch pad comes as the same.
    if (!event.ctrlKey) return;
    event.preventDefault();
    const { left, top } = this.#frame.getBoundingClientRect();
    // Some wheels count lines, not pixels.
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 20;
    this.#zoom(Math.exp(-pixels / WHEEL), event.clientX - left, event.clientY - top);
  }

  #onPress(event: PointerEvent): void {
    const { left, top } = this.#frame.getBoundingClientRect();
    const { clientWidth, clientHeight } = this.#frame;
    const isOnBar = event.clientX > left + clientWidth || event.clientY > top + clientHeight;
    // Fingers scroll by themselves.
    if (event.pointerType !== "mouse" || isOnBar) this.#follows = false;
    else if (event.button === 0) this.#frame.setPointerCapture(event.pointerId);
  }

  #onMove({ pointerId, movementX, movementY }: PointerEvent): void {
    if (!this.#frame.hasPointerCapture(pointerId)) return;
    this.#follows = false;
    this.#frame.scrollBy(-movementX, -movementY);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key.startsWith("Arrow")) this.#follows = false;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = this.#actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  }

  readonly #actions: Readonly<Record<string, () => void>> = {
    "+": () => this.zoomIn(),
    "=": () => this.zoomIn(),
    "-": () => this.zoomOut(),
    "0": () => this.showWhole(),
    a: () => this.showActive(),
  };
}

/** What elements take of the window; undefined: there are none. */
function areaOf(elements: readonly Element[]): Area | undefined {
  if (elements.length === 0) return undefined;
  const boxes = elements.map((element) => element.getBoundingClientRect());
  return {
    left: Math.min(...boxes.map(({ left }) => left)),
    top: Math.min(...boxes.map(({ top }) => top)),
    right: Math.max(...boxes.map(({ right }) => right)),
    bottom: Math.max(...boxes.map(({ bottom }) => bottom)),
  };
}
