// Small helpers for elements. Text is only ever put in as text.

export const byId = (id) => document.getElementById(id);

/** An element with a class and text. */
export function made(name, { kind = "", text = "" } = {}) {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  if (text) element.textContent = text;
  return element;
}

/** Put text into an element, if it is another than before: screen readers say what changes. */
export function say(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

/** The elements of `parts`, one below the other. */
export const lines = (name, parts) => parts.map((part) => made(name, part));
