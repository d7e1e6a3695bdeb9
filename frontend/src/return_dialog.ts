/**
 * Asks why a photograph is returned. The page may offer quick reasons as a JSON list of texts in
 * `data-quick-reasons` of the gallery; keys 1 to 9 choose one while the text is empty.
 */

import { message } from "./messages.js";

export class ReturnDialog {
  readonly #dialog = document.createElement("dialog");
  readonly #reason = document.createElement("textarea");
  readonly #quickReasons: readonly string[];

  constructor(quickReasons: readonly string[]) {
    this.#quickReasons = quickReasons;
    this.#dialog.className = "return-dialog";
    this.#dialog.append(this.#form());
    document.body.append(this.#dialog);
  }

  get isOpen(): boolean {
    return this.#dialog.open;
  }

  /** Resolves to the reason, or to undefined if the reviewer thought better of it. */
  async ask(): Promise<string | undefined> {
    this.#reason.value = "";
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
    this.#reason.focus();
    await new Promise((resolve) => {
      this.#dialog.addEventListener("close", resolve, { once: true });
    });
    return this.#dialog.returnValue === "return" ? this.#reason.value.trim() : undefined;
  }

  #form(): HTMLFormElement {
    const form = document.createElement("form");
    form.method = "dialog";
    const label = document.createElement("label");
    label.textContent = message("return.reason");
    this.#reason.required = true;
    this.#reason.rows = 3;
    this.#reason.maxLength = 500;
    this.#reason.addEventListener("keydown", (event) => {
      this.#onKey(event, form);
    });
    // Blanks satisfy `required` but tell the squad nothing.
    this.#reason.addEventListener("input", () => {
      this.#reason.setCustomValidity(this.#reason.value.trim() === "" ? message("return.reason") : "");
    });
    label.append(this.#reason);
    const send = button(message("return.send"), "return");
    const cancel = button(message("return.cancel"), "cancel");
    cancel.formNoValidate = true;
    // Return stands first: implicit submission takes a form's first submit button.
    form.append(label, this.#quickList(form, send), send, cancel);
    return form;
  }

  #quickList(form: HTMLFormElement, send: HTMLButtonElement): HTMLOListElement {
    const list = document.createElement("ol");
    for (const reason of this.#quickReasons) {
      const item = document.createElement("li");
      const choice = button(reason, "");
      choice.type = "button";
      choice.addEventListener("click", () => {
        this.#choose(reason);
        form.requestSubmit(send);
      });
      item.append(choice);
      list.append(item);
    }
    return list;
  }

  #onKey(event: KeyboardEvent, form: HTMLFormElement): void {
    const quick = this.#quickReasons[Number(event.key) - 1];
    const submit = event.key === "Enter" && !event.shiftKey && !event.isComposing;
    if (quick !== undefined && this.#reason.value === "") {
      this.#choose(quick);
    } else if (!submit) {
      return;
    }
    event.preventDefault();
    form.requestSubmit(form.querySelector<HTMLButtonElement>('button[value="return"]'));
  }

  #choose(reason: string): void {
    this.#reason.value = reason;
    this.#reason.setCustomValidity("");
  }
}

function button(text: string, value: string): HTMLButtonElement {
  const element = document.createElement("button");
  element.textContent = text;
  element.value = value;
  return element;
}
