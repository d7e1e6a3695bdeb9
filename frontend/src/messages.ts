/**
 * Texts in the reader's language. The server renders them as one JSON object into
 * `<script type="application/json" id="messages">`; no text is written in TypeScript.
 */

type Texts = Readonly<Record<string, string>>;

let texts: Texts | undefined;

/** Return the text of `key`; a missing one shows its key, so that it is noticed and nothing breaks. */
export function message(key: string): string {
  texts ??= JSON.parse(document.getElementById("messages")?.textContent ?? "{}") as Texts;
  return texts[key] ?? key;
}

/** Say `text` in the page's live region `[data-live]`, which screen readers announce. */
export function announce(text: string): void {
  const region = document.querySelector("[data-live]");
  if (region) {
    region.textContent = text;
  }
}
