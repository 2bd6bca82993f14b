// Shows the text of the target that the button saves.
import { DTufCopy } from './dtuf.min.js';

const { host, repository, layout, trust, target } = document.querySelector('dtuf-download');
const place = layout === 'http' ? { host, layout } : { host, repository };
const shown = document.getElementById('text');
try {
  shown.textContent = 'Checking the signatures…';
  const copy = new DTufCopy({ ...place, trust: new URL(trust, document.baseURI) });
  await copy.pullMetadata();
  const file = await copy.pullTarget(target);
  shown.textContent = await file.text({
    onProgress: ({ received, total }) => {
      shown.textContent = `${received} of ${total} bytes…`;
    },
  });
} catch (error) {
  shown.textContent = `Not shown: ${error.message}`;
}
