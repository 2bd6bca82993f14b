// Starts what the service worker has verified, then asks it to look for a newer version.
const { serviceWorker } = navigator;
const status = document.getElementById('status');
let started = false;

new BroadcastChannel('verified').addEventListener('message', ({ data: { error, changed } }) => {
  if (error) status.textContent = `${started ? 'Not updated' : 'Not started'}: ${error}`;
  else if (started)
    status.textContent = changed ? 'A newer version is verified: reload to use it.' : 'Up to date.';
});

try {
  status.textContent = 'Verifying…';
  const controlled = new Promise((resolve) => serviceWorker.addEventListener('controllerchange', resolve));
  await serviceWorker.register('sw.js', { type: 'module' });
  const { active } = await serviceWorker.ready;
  if (!serviceWorker.controller) {
    active.postMessage('claim');
    await controlled;
  }
  const { start } = await import('./verified/app.js');
  await start(document.getElementById('app'));
  started = true;
  active.postMessage('update');
} catch (error) {
  status.textContent = `Not started: ${error.message}`;
}
