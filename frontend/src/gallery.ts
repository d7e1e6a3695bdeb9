/**
 * Review by keyboard in `[data-gallery]`: arrows and j / k move, `a` accepts, `r` returns with a reason, `u` takes
 * the last verdict back, Enter enlarges. After a verdict the next unreviewed photograph becomes current.
 * Buttons `[data-act="accept|return"]` in a card do the same by mouse.
 */

import { Card } from "./card.js";
import type { Lightbox } from "./lightbox.js";
import { announce, message } from "./messages.js";
import type { ReturnDialog } from "./return_dialog.js";
import type { Reviewer } from "./review.js";

export class Gallery {
  readonly #cards: readonly Card[];
  #at = 0;

  constructor(
    private readonly root: HTMLElement,
    private readonly reviewer: Reviewer,
    private readonly returnDialog: ReturnDialog,
    private readonly lightbox: Lightbox,
  ) {
    this.#cards = [...root.querySelectorAll<HTMLElement>("article[data-evidence-id]")].map(
      (element) => new Card(element),
    );
  }

  listen(): void {
    document.addEventListener("keydown", (event) => {
      this.#onKey(event);
    });
    this.root.addEventListener("click", (event) => {
      this.#onClick(event);
    });
    this.root.addEventListener("focusin", (event) => {
      this.follow(event.target);
    });
    for (const card of this.#cards) {
      card.setCurrent(false);
    }
    // Marked only: a page that takes the focus while it loads confuses screen readers.
    const first = this.#cards.findIndex((card) => card.isUnreviewed);
    this.#mark(Math.max(first, 0));
  }

  /** Make the card around `target` current without moving the focus, e.g. when the lightbox turned its page. */
  follow(target: EventTarget | null): void {
    const found = this.#cards.findIndex((card) => target instanceof Node && card.element.contains(target));
    if (found >= 0) {
      this.#mark(found);
    }
  }

  #onKey(event: KeyboardEvent): void {
    const chord = event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
    if (chord || this.returnDialog.isOpen || isTyping(event.target)) {
      return;
    }
    const act = this.#actOf(event);
    if (act) {
      event.preventDefault();
      act();
    }
  }

  /** Arrows and Enter belong to the lightbox while it is open, and Enter to a focused link or button. */
  #actOf(event: KeyboardEvent): (() => void) | undefined {
    switch (event.key) {
      case "a":
        return () => void this.#accept();
      case "r":
        return () => void this.#return();
      case "u":
        return () => void this.#undo();
      case "j":
        return () => {
          this.#goTo(this.#at + 1);
        };
      case "k":
        return () => {
          this.#goTo(this.#at - 1);
        };
      default:
        return this.lightbox.isOpen ? undefined : this.#moveOf(event);
    }
  }

  #moveOf(event: KeyboardEvent): (() => void) | undefined {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const rows = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      return () => {
        this.#goTo(this.#at + step);
      };
    }
    if (rows !== undefined) {
      return () => {
        this.#goTo(this.#inNextRow(rows));
      };
    }
    const onCard = event.target === this.#cards[this.#at]?.element;
    return event.key === "Enter" && onCard
      ? () => {
          this.#enlarge();
        }
      : undefined;
  }

  #onClick(event: MouseEvent): void {
    const act = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-act]") : null;
    if (!act) {
      return;
    }
    this.follow(act);
    void (act.dataset["act"] === "accept" ? this.#accept() : this.#return());
  }

  async #accept(): Promise<void> {
    const card = this.#cards[this.#at];
    if (card && (await this.reviewer.judge(card, "accepted"))) {
      this.#advance();
    }
  }

  async #return(): Promise<void> {
    const card = this.#cards[this.#at];
    const reason = card && (await this.returnDialog.ask());
    if (card && reason !== undefined && (await this.reviewer.judge(card, "returned", reason))) {
      this.#advance();
    }
  }

  async #undo(): Promise<void> {
    const card = await this.reviewer.undo();
    if (card) {
      this.#goTo(this.#cards.indexOf(card));
    }
  }

  /** To the next unreviewed card, searching past the end from the beginning. */
  #advance(): void {
    const count = this.#cards.length;
    for (let step = 1; step <= count; step++) {
      const place = (this.#at + step) % count;
      if (this.#cards[place]?.isUnreviewed === true) {
        this.#goTo(place);
        return;
      }
    }
    announce(message("gallery.all_reviewed"));
  }

  #goTo(place: number): void {
    const card = this.#cards[place];
    if (!card) {
      return;
    }
    this.#mark(place);
    card.reveal();
    if (this.lightbox.isOpen) {
      this.#enlarge();
    }
  }

  #mark(place: number): void {
    this.#cards[this.#at]?.setCurrent(false);
    this.#at = place;
    this.#cards[place]?.setCurrent(true);
  }

  #enlarge(): void {
    const link = this.#cards[this.#at]?.element.querySelector<HTMLAnchorElement>("a[data-preview]");
    if (link) {
      this.lightbox.open(link);
    }
  }

  /** The card nearest in the row below (1) or above (-1), by what the page's layout happens to be. */
  #inNextRow(direction: number): number {
    const here = this.#cards[this.#at]?.element;
    if (!here) {
      return this.#at;
    }
    const distance = ({ element }: Card): number =>
      Math.abs(element.offsetTop - here.offsetTop) * 10_000 + Math.abs(element.offsetLeft - here.offsetLeft);
    const beyond = this.#cards.filter(({ element }) => (element.offsetTop - here.offsetTop) * direction > 0);
    const nearest = beyond.toSorted((one, other) => distance(one) - distance(other))[0];
    return nearest ? this.#cards.indexOf(nearest) : this.#at;
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}
