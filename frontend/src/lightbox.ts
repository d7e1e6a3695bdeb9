/**
 * Large view of photographs in a native dialog. Every `a[data-preview]` opens it (and still works as a link
 * without scripts). Links inside one `[data-compare]` are shown side by side: before | after.
 */

import { message } from "./messages.js";

const PRELOADED = 3;

export class Lightbox {
  readonly #dialog = document.createElement("dialog");
  readonly #stage = document.createElement("div");
  #pages: HTMLAnchorElement[][] = [];
  #at = 0;

  /** `onTurn` hears the link whose page is shown, so that a gallery can follow. */
  constructor(private readonly onTurn: (link: HTMLAnchorElement) => void = () => undefined) {
    this.#dialog.className = "lightbox";
    this.#dialog.ariaLabel = message("lightbox.title");
    this.#stage.className = "lightbox-stage";
    this.#dialog.append(this.#turner(-1), this.#stage, this.#turner(1), this.#closer());
    document.body.append(this.#dialog);
  }

  listen(): void {
    document.addEventListener("click", (event) => {
      const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-preview]") : null;
      const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
      if (link && plain) {
        event.preventDefault();
        this.open(link);
      }
    });
    this.#dialog.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      if (step !== undefined) {
        event.preventDefault();
        this.#turn(step);
      }
    });
  }

  get isOpen(): boolean {
    return this.#dialog.open;
  }

  open(link: HTMLAnchorElement): void {
    this.#pages = pagesOf(document);
    const page = this.#pages.findIndex((links) => links.includes(link));
    if (page < 0) {
      return;
    }
    this.#at = page;
    if (!this.#dialog.open) {
      this.#dialog.showModal();
    }
    this.#show();
  }

  #turn(step: number): void {
    const next = this.#at + step;
    const link = this.#pages[next]?.[0];
    if (link) {
      this.#at = next;
      this.#show();
      this.onTurn(link);
    }
  }

  #show(): void {
    this.#stage.replaceChildren(...(this.#pages[this.#at] ?? []).map(figureOf));
    for (const links of this.#pages.slice(this.#at + 1, this.#at + 1 + PRELOADED)) {
      for (const link of links) {
        new Image().src = link.href;
      }
    }
  }

  #turner(step: -1 | 1): HTMLButtonElement {
    const name = step < 0 ? "previous" : "next";
    return button(`lightbox-${name}`, message(`lightbox.${name}`), () => {
      this.#turn(step);
    });
  }

  #closer(): HTMLButtonElement {
    return button("lightbox-close", message("lightbox.close"), () => {
      this.#dialog.close();
    });
  }
}

/** The pages in document order: the links of one `[data-compare]` together, every other link alone. */
function pagesOf(root: ParentNode): HTMLAnchorElement[][] {
  const pages = new Map<Element, HTMLAnchorElement[]>();
  for (const link of root.querySelectorAll<HTMLAnchorElement>("a[data-preview]")) {
    const page = link.closest("[data-compare]") ?? link;
    pages.set(page, [...(pages.get(page) ?? []), link]);
  }
  return [...pages.values()];
}

function figureOf(link: HTMLAnchorElement): HTMLElement {
  const text = link.querySelector("img")?.alt ?? "";
  const figure = document.createElement("figure");
  const image = document.createElement("img");
  image.src = link.href;
  image.alt = text;
  const caption = document.createElement("figcaption");
  caption.textContent = text;
  figure.append(image, caption);
  return figure;
}

function button(className: string, label: string, onClick: () => void): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = className;
  element.textContent = label;
  element.addEventListener("click", onClick);
  return element;
}
