/**
 * One photograph under review: `article[data-evidence-id]` with `data-review-url`, `data-review-state`
 * and `data-version`; inside it `[data-badge]` shows the state. Knows the page, not the network.
 */

export type ReviewState = "unreviewed" | "accepted" | "returned";

/** What the server says about a photograph's review; `label` is in the reader's language. */
export interface Review {
  readonly review_state: ReviewState;
  readonly version: string;
  readonly label: string;
}

export class Card {
  constructor(readonly element: HTMLElement) {}

  get reviewUrl(): string {
    return this.element.dataset["reviewUrl"] ?? "";
  }

  /** Opaque; sent back so that the server notices a verdict on what somebody else has changed meanwhile. */
  get version(): string {
    return this.element.dataset["version"] ?? "";
  }

  get isUnreviewed(): boolean {
    return this.element.dataset["reviewState"] === "unreviewed";
  }

  /** Show a review; the badge carries its state as a class, for the style sheet. */
  show(review: Review): void {
    const badge = this.element.querySelector("[data-badge]");
    if (badge) {
      badge.classList.remove(this.element.dataset["reviewState"] ?? "unreviewed");
      badge.classList.add(review.review_state);
      badge.textContent = review.label;
    }
    this.element.dataset["reviewState"] = review.review_state;
    this.element.dataset["version"] = review.version;
  }

  /** Nothing else is sent for this card until the server has answered. */
  set busy(value: boolean) {
    this.element.ariaBusy = String(value);
  }

  get busy(): boolean {
    return this.element.ariaBusy === "true";
  }

  /** Mark as the current card; `aria-current` carries the focus ring also while a dialog holds the focus. */
  setCurrent(current: boolean): void {
    this.element.tabIndex = current ? 0 : -1;
    if (current) {
      this.element.setAttribute("aria-current", "true");
    } else {
      this.element.removeAttribute("aria-current");
    }
  }

  reveal(): void {
    this.element.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest" });
  }
}
