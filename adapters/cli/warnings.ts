/**
 * Keeps Node's notes on experimental features out of the output: Node 20.19 has one about Ed25519 at every run. All
 * other warnings are shown as ever.
 */
export function hideExperimentalNotes(): void {
  const shown = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name === 'ExperimentalWarning') return;
    for (const show of shown) show(warning);
  });
}
