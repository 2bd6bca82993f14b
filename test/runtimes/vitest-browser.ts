// What the tests of pages import as 'vitest/browser', where no test runner drives the browser (page.js). A click is one of the
// page itself; nothing here presses keys, and tests that need it are named in suites.js.

/** The commands of DevTools that have a stand-in everywhere: a server may clear the data of its site. */
export function cdp(): { send(method: string): Promise<void> } {
  return {
    async send(method) {
      if (method !== 'Storage.clearDataForOrigin') throw new Error(`nothing here does ${method}`);
      await clear(new URL('/clear', location.origin), { method: 'POST' });
    },
  };
}

// Tests put other functions in its place.
const clear = globalThis.fetch.bind(globalThis);

type Locator = () => HTMLElement;

export const page = {
  getByRole:
    (role: string, { name }: { name: string }): Locator =>
    () => {
      const found = [...everyElement(document)].find(
        (element) => (element.getAttribute('role') ?? element.localName) === role && textOf(element) === name,
      );
      if (!(found instanceof HTMLElement)) throw new Error(`there is no ${role} with the name ${name}`);
      return found;
    },
};

export const userEvent = {
  async click(locate: Locator): Promise<void> {
    locate().click();
  },
};

/** With those in shadow roots. */
function* everyElement(root: ParentNode): Generator<Element> {
  for (const element of root.querySelectorAll('*')) {
    yield element;
    if (element.shadowRoot) yield* everyElement(element.shadowRoot);
  }
}

/** As it is read out: what slots show is in its place, and what is hidden is not there. */
function textOf(node: Node): string {
  if (!(node instanceof Element)) return node.textContent?.trim() ?? '';
  if (node.getAttribute('aria-hidden') === 'true') return '';
  const shown =
    node instanceof HTMLSlotElement ? node.assignedNodes({ flatten: true }) : [...node.childNodes];
  return shown.map(textOf).filter(Boolean).join(' ');
}
