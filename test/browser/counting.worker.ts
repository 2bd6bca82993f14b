import { indexedDbStore } from '../../adapters/browser/worker.ts';
import { countIn } from './counting.ts';

addEventListener('message', async ({ data }: MessageEvent<{ name: string; times: number }>) => {
  await countIn(indexedDbStore(data.name), data.times);
  postMessage('done');
});
