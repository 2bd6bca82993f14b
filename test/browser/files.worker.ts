import { browserFiles } from '../../adapters/browser/index.ts';
import { DTufError } from '../../src/errors.ts';

addEventListener('message', async () => {
  try {
    await browserFiles().sink({}, 'demo.txt', 4);
    postMessage('a sink');
  } catch (error) {
    postMessage(error instanceof DTufError ? error.code : String(error));
  }
});
