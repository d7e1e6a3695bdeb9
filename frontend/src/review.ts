/** Verdicts on photographs: sends them with the version that was seen, and can take the last ones back. */

import type { Card, Review, ReviewState } from "./card.js";
import { getJson, postJson, ProblemError } from "./http.js";
import { announce } from "./messages.js";

const CONFLICT = 409;

export class Reviewer {
  readonly #judged: Card[] = [];

  /** Send a verdict and show the answer; returns whether it was taken. */
  async judge(card: Card, verdict: ReviewState, reason = ""): Promise<boolean> {
    const taken = await this.#send(card, verdict, reason);
    if (taken) {
      this.#judged.push(card);
    }
    return taken;
  }

  /** Take the last verdict of this page back; returns its card, or undefined if there was none to take back. */
  async undo(): Promise<Card | undefined> {
    const card = this.#judged.pop();
    if (!card) {
      return undefined;
    }
    await this.#send(card, "unreviewed", "");
    return card;
  }

  async #send(card: Card, verdict: ReviewState, reason: string): Promise<boolean> {
    if (card.busy) {
      return false;
    }
    card.busy = true;
    try {
      const review = await postJson<Review>(card.reviewUrl, { verdict, reason, version: card.version });
      card.show(review);
      announce(review.label);
      return true;
    } catch (error) {
      await this.#explain(card, error);
      return false;
    } finally {
      card.busy = false;
    }
  }

  /** Say what was refused; after a conflict the card shows what the other reviewer decided. */
  async #explain(card: Card, error: unknown): Promise<void> {
    if (!(error instanceof ProblemError)) {
      throw error;
    }
    announce(error.sentence);
    if (error.problem.status !== CONFLICT) {
      return;
    }
    try {
      card.show(await getJson<Review>(card.reviewUrl));
    } catch (reloading) {
      announce(reloading instanceof ProblemError ? reloading.sentence : error.sentence);
    }
  }
}
