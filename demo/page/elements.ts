// Makes the nodes of the page one by one: a strict policy and Trusted Types take no text as HTML.

type Child = Node | string | undefined;

/** @param properties of the element; those with a dash are attributes, as `data-state` and `aria-label`. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Readonly<Record<string, string | number | boolean | undefined>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (key.includes('-')) made.setAttribute(key, String(value));
    else Reflect.set(made, key, value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

const SVG = 'http://www.w3.org/2000/svg';

/** One of the icons that stand in the page, for eyes only. */
export function icon(name: string): SVGSVGElement {
  const made = document.createElementNS(SVG, 'svg');
  made.setAttribute('class', 'icon');
  made.setAttribute('aria-hidden', 'true');
  made.setAttribute('viewBox', '0 0 24 24');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#icon-${name}`);
  made.append(use);
  return made;
}

/** A text in fixed width. Whoever has no mouse scrolls it too. */
export function scrollable(name: string, ...text: Child[]): HTMLPreElement {
  return element('pre', { tabIndex: 0, role: 'region', 'aria-label': name }, element('code', {}, ...text));
}

/** The same, shown when somebody wants to see it. */
export function foldable(name: string, text: string): HTMLDetailsElement {
  return element('details', { className: 'source' }, element('summary', {}, name), scrollable(name, text));
}

/** An element that the page is written with. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** Said to those who listen to the page. */
export function announce(text: string): void {
  byId('announcer').textContent = text;
}
