const MIN_SCALE = 0.1;
const MAX_SCALE = 4;
/** A press of a key, or a click on a button. */
const STEP = 1.25;
/** Pixels of the wheel that make the picture e times as large. */
const WHEEL = 360;
/** Pixels of an arrow key. */
const PAN = 60;

/**
 * Moves a picture about in its frame: the wheel zooms, dragging moves, and so do the keys `+`, `-`, the arrows, and `0`, which shows
 * all of it. Until it is moved by hand it stays fitted to its frame.
 */
export class PanZoom {
  readonly #frame: HTMLElement;
  readonly #picture: HTMLElement;
  readonly #ends = new AbortController();
  readonly #resizes = new ResizeObserver(() => {
    if (this.#isFitted) this.fit();
  });
  #scale = 1;
  #x = 0;
  #y = 0;
  #isFitted = true;

  constructor(frame: HTMLElement, picture: HTMLElement) {
    this.#frame = frame;
    this.#picture = picture;
    const { signal } = this.#ends;
    frame.addEventListener("wheel", (event) => this.#onWheel(event), { signal, passive: false });
    frame.addEventListener("pointerdown", (event) => this.#onPress(event), { signal });
    frame.addEventListener("pointermove", (event) => this.#onMove(event), { signal });
    frame.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    this.#resizes.observe(frame);
    this.fit();
  }

  /** Leaves the frame alone. */
  end(): void {
    this.#ends.abort();
    this.#resizes.disconnect();
  }

  /** Shows all of the picture, no larger than it is. */
  fit(): void {
    const { offsetWidth: width, offsetHeight: height } = this.#picture;
    const { clientWidth, clientHeight } = this.#frame;
    if (width === 0 || height === 0 || clientWidth === 0) return;
    this.#isFitted = true;
    this.#scale = Math.max(MIN_SCALE, Math.min(1, clientWidth / width, clientHeight / height));
    this.#x = (clientWidth - width * this.#scale) / 2;
    this.#y = Math.max(0, (clientHeight - height * this.#scale) / 2);
    this.#apply();
  }

  /** Zooms in or out of the frame's middle by a step. */
  zoomIn(): void {
    this.#zoomAt(this.#frame.clientWidth / 2, this.#frame.clientHeight / 2, STEP);
  }

  zoomOut(): void {
    this.#zoomAt(this.#frame.clientWidth / 2, this.#frame.clientHeight / 2, 1 / STEP);
  }

  #onWheel(event: WheelEvent): void {
    event.preventDefault();
    const { left, top } = this.#frame.getBoundingClientRect();
    // Some wheels count lines, not pixels.
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 20;
    this.#zoomAt(event.clientX - left, event.clientY - top, Math.exp(-pixels / WHEEL));
  }

  #onPress(event: PointerEvent): void {
    const isOnControl = event.target instanceof Element && event.target.closest("button, a") !== null;
    if (event.button === 0 && !isOnControl) this.#frame.setPointerCapture(event.pointerId);
  }

  #onMove(event: PointerEvent): void {
    if (this.#frame.hasPointerCapture(event.pointerId)) this.#move(event.movementX, event.movementY);
  }

  #onKey(event: KeyboardEvent): void {
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
    "0": () => this.fit(),
    ArrowLeft: () => this.#move(PAN, 0),
    ArrowRight: () => this.#move(-PAN, 0),
    ArrowUp: () => this.#move(0, PAN),
    ArrowDown: () => this.#move(0, -PAN),
  };

  /** Zooms around a point of the frame. */
  #zoomAt(x: number, y: number, factor: number): void {
    const scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE, this.#scale * factor));
    this.#move((x - this.#x) * (1 - scale / this.#scale), (y - this.#y) * (1 - scale / this.#scale), scale);
  }

  #move(x: number, y: number, scale = this.#scale): void {
    this.#isFitted = false;
    this.#x += x;
    this.#y += y;
    this.#scale = scale;
    this.#apply();
  }

  #apply(): void {
    this.#picture.style.transform = `translate(${this.#x}px, ${this.#y}px) scale(${this.#scale})`;
  }
}
