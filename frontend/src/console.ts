/** Entry of the console's scripts: wires what the page at hand has. Every page also works without it. */

import { Gallery } from "./gallery.js";
import { Lightbox } from "./lightbox.js";
import { RedactionCanvas } from "./redaction.js";
import { ReturnDialog } from "./return_dialog.js";
import { Reviewer } from "./review.js";

function start(): void {
  const root = document.querySelector<HTMLElement>("[data-gallery]");
  const lightbox = new Lightbox((link) => gallery?.follow(link));
  const gallery = root ? new Gallery(root, new Reviewer(), new ReturnDialog(quickReasons(root)), lightbox) : undefined;
  lightbox.listen();
  gallery?.listen();
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-redaction]")) {
    new RedactionCanvas(form).listen();
  }
}

function quickReasons(root: HTMLElement): readonly string[] {
  return JSON.parse(root.dataset["quickReasons"] ?? "[]") as string[];
}

start();
