// Keys that are pressed in a card are the card's. JupyterLab's one-letter shortcuts (d d deletes a cell) match the element
// that has the focus itself, before any ancestor can refuse them, so whatever can be focused says this; the root of the
// card says it for what other renderers draw in it.

export const OWN_KEYS = { 'data-lm-suppress-shortcuts': 'true' } as const;
