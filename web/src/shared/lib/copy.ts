// Copies to the clipboard and says so.
import { notify } from "./notify";

export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    notify.success({ title: `${what} is in the clipboard`, lasts: 2500 });
  } catch {
    notify.failure({
      title: "The browser did not allow copying",
      detail: "Over plain HTTP only localhost may copy. Select the text and copy it by hand.",
    });
  }
}
