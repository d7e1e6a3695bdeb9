/**
 * Draws rectangles over a photograph in `form[data-redaction]`: `[data-canvas]` holds the picture, `[data-regions]` is
 * the textarea that is sent, one rectangle a line: left, top, width, height in percent. Mouse, finger and keys alike:
 * a drag on the picture draws, a drag on a rectangle moves it, its handle changes the size; on a focused rectangle
 * arrows move, Shift and arrows change the size, Delete removes. Without this script the textarea is typed into.
 */

/** All four in percent of the picture, which is shown upright. */
export interface Region {
  left: number;
  top: number;
  width: number;
  height: number;
}

const WHOLE = 100;
const LEAST = 0.5;
const STEP = 1;
const FRESH: Region = { left: 40, top: 40, width: 20, height: 20 };
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

type Drag = (x: number, y: number) => void;

export class RedactionCanvas {
  readonly #canvas: HTMLElement;
  readonly #numbers: HTMLTextAreaElement;
  #boxes: { readonly element: HTMLElement; region: Region }[] = [];
  #drag: Drag | undefined;

  constructor(private readonly form: HTMLFormElement) {
    this.#canvas = find(form, "[data-canvas]", HTMLElement);
    this.#numbers = find(form, "[data-regions]", HTMLTextAreaElement);
  }

  listen(): void {
    for (const tools of this.form.querySelectorAll<HTMLElement>("[data-tools]")) {
      tools.hidden = false;
    }
    this.#read();
    this.#numbers.addEventListener("change", () => {
      this.#read();
    });
    this.#canvas.addEventListener("pointerdown", (event) => {
      this.#begin(event);
    });
    this.#canvas.addEventListener("pointermove", (event) => {
      this.#drag?.(...this.#at(event));
    });
    for (const end of ["pointerup", "pointercancel"]) {
      this.#canvas.addEventListener(end, () => {
        this.#end();
      });
    }
    this.#canvas.addEventListener("keydown", (event) => {
      this.#onKey(event);
    });
    this.#canvas.addEventListener("focusin", (event) => {
      this.#choose(this.#boxes.find(({ element }) => element === event.target)?.element);
    });
    this.#onClick("[data-add]", () => {
      this.#add({ ...FRESH }).focus();
      this.#write();
    });
    this.#onClick("[data-remove]", () => {
      this.#remove(this.#chosen());
    });
    this.#onClick("[data-clear]", () => {
      this.#show([]);
      this.#write();
    });
  }

  #onClick(selector: string, act: () => void): void {
    this.form.querySelector(selector)?.addEventListener("click", act);
  }

  #begin(event: PointerEvent): void {
    if (event.button !== 0 || !event.isPrimary || !(event.target instanceof Element)) {
      return;
    }
    event.preventDefault();
    this.#canvas.setPointerCapture(event.pointerId);
    const element = event.target.closest<HTMLElement>(".hidden-part");
    const [x, y] = this.#at(event);
    if (element === null) {
      const drawn = this.#add({ left: x, top: y, width: 0, height: 0 });
      this.#drag = (toX, toY) => {
        this.#place(drawn, between(x, y, toX, toY));
      };
      this.#choose(drawn);
      return;
    }
    element.focus();
    const before = this.#region(element);
    this.#drag = event.target.closest(".handle")
      ? (toX, toY) => {
          this.#place(element, resized(before, toX - x, toY - y));
        }
      : (toX, toY) => {
          this.#place(element, moved(before, toX - x, toY - y));
        };
  }

  /** A tap draws nothing: what is smaller than half a percent goes again. */
  #end(): void {
    if (!this.#drag) {
      return;
    }
    this.#drag = undefined;
    const drawn = this.#boxes.at(-1);
    if (drawn && (drawn.region.width < LEAST || drawn.region.height < LEAST)) {
      this.#remove(drawn.element);
      return;
    }
    this.#chosen()?.focus();
    this.#write();
  }

  #onKey(event: KeyboardEvent): void {
    const element = this.#boxes.find((box) => box.element === event.target)?.element;
    if (!element || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const arrow = ARROWS[event.key];
    if (arrow) {
      const change = event.shiftKey ? resized : moved;
      this.#place(element, change(this.#region(element), ...arrow));
      this.#write();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.#remove(element);
    } else {
      return;
    }
    event.preventDefault();
  }

  #add(region: Region): HTMLElement {
    const element = document.createElement("div");
    element.className = "hidden-part";
    element.tabIndex = 0;
    element.role = "img";
    const handle = document.createElement("span");
    handle.className = "handle";
    element.append(handle);
    this.#canvas.append(element);
    this.#boxes.push({ element, region });
    this.#place(element, region);
    return element;
  }

  /** The style is set by script, which the content security policy lets through; a style attribute it would not. */
  #place(element: HTMLElement, region: Region): void {
    const box = this.#boxes.find((one) => one.element === element);
    if (!box) {
      return;
    }
    box.region = region;
    for (const [side, percent] of Object.entries(region)) {
      element.style.setProperty(side, `${String(percent)}%`);
    }
    element.ariaLabel = `${this.form.dataset["name"] ?? ""} ${lineOf(region)}`;
  }

  #remove(element: HTMLElement | undefined): void {
    const place = this.#boxes.findIndex((box) => box.element === element);
    if (place < 0) {
      return;
    }
    this.#boxes.splice(place, 1);
    element?.remove();
    (this.#boxes[place] ?? this.#boxes.at(-1))?.element.focus();
    this.#write();
  }

  #choose(element: HTMLElement | undefined): void {
    for (const box of this.#boxes) {
      box.element.ariaCurrent = String(box.element === element);
    }
  }

  #chosen(): HTMLElement | undefined {
    return this.#boxes.find(({ element }) => element.ariaCurrent === "true")?.element;
  }

  #region(element: HTMLElement): Region {
    return this.#boxes.find((box) => box.element === element)?.region ?? FRESH;
  }

  #show(regions: readonly Region[]): void {
    for (const { element } of this.#boxes) {
      element.remove();
    }
    this.#boxes = [];
    for (const region of regions) {
      this.#add(region);
    }
  }

  #read(): void {
    this.#show(regionsOf(this.#numbers.value));
  }

  #write(): void {
    this.#numbers.value = this.#boxes.map(({ region }) => lineOf(region)).join("\n");
  }

  #at(event: PointerEvent): [number, number] {
    const box = this.#canvas.getBoundingClientRect();
    return [
      clamped(((event.clientX - box.left) / box.width) * WHOLE),
      clamped(((event.clientY - box.top) / box.height) * WHOLE),
    ];
  }
}

/** Read the lines that can be read; the server refuses the others by name. */
function regionsOf(text: string): Region[] {
  return text.split("\n").flatMap((line) => {
    const [left, top, width, height] = line.trim().split(/\s+/).map(Number);
    const known = left !== undefined && top !== undefined && width !== undefined && height !== undefined;
    return known && [left, top, width, height].every(Number.isFinite) ? [{ left, top, width, height }] : [];
  });
}

function lineOf(region: Region): string {
  return [region.left, region.top, region.width, region.height]
    .map((percent) => String(Math.round(percent * 1000) / 1000))
    .join(" ");
}

function between(x: number, y: number, toX: number, toY: number): Region {
  return { left: Math.min(x, toX), top: Math.min(y, toY), width: Math.abs(toX - x), height: Math.abs(toY - y) };
}

function moved(region: Region, right: number, down: number): Region {
  const left = Math.min(Math.max(region.left + right, 0), WHOLE - region.width);
  const top = Math.min(Math.max(region.top + down, 0), WHOLE - region.height);
  return { ...region, left, top };
}

function resized(region: Region, right: number, down: number): Region {
  const width = Math.min(Math.max(region.width + right, STEP), WHOLE - region.left);
  const height = Math.min(Math.max(region.height + down, STEP), WHOLE - region.top);
  return { ...region, width, height };
}

function clamped(percent: number): number {
  return Math.min(Math.max(percent, 0), WHOLE);
}

function find<T extends HTMLElement>(root: ParentNode, selector: string, kind: new () => T): T {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) {
    throw new Error(`the page has no ${selector}`);
  }
  return found;
}
