/**
 * Waits for a task of its own, so that clicks, paints and timers have their turn: a promise alone goes on within the same
 * task. A message, because pages hold timers back by 4 ms, and by a second where nobody looks at them.
 */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
