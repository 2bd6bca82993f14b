// Runs test files in a page, a dedicated or a shared worker, or a service worker. Nobody reads a console there: each line goes to
// the server that served this (page.js).
import { type Run, run as runTests } from './entry.ts';

// Tests put other functions in their places.
const post = globalThis.fetch.bind(globalThis);
const send = (path: string, body: string) => post(new URL(path, location.origin), { method: 'POST', body });

let sent: Promise<unknown> = Promise.resolve();

function say(...parts: unknown[]): void {
  sent = sent.then(() => send('/said', parts.join(' ')));
}

/** In a service worker at the first message: the page then goes on sending more, as that one is ended which has nothing to do. */
export function run(all: Run): void {
  console.log = say;
  console.error = say;
  addEventListener('error', ({ message, error }) => fail(error ?? message));
  addEventListener('unhandledrejection', ({ reason }) => fail(reason));
  let running: Promise<void> | undefined;
  const start = (): Promise<void> => {
    running ??= runTests(all)
      .then(() => sent)
      .then(async () => void (await send('/ended', '0')), fail);
    return running;
  };
  if (!('registration' in globalThis)) start();
  else addEventListener('message', (event) => Object(event).waitUntil(start()));
}

/** As Node does, this ends the run. */
async function fail(error: unknown): Promise<void> {
  say(error instanceof Error ? `${error.message}\n${error.stack}` : String(error));
  await sent;
  await send('/ended', '1');
}
