import { digestOf } from '../bundle.ts';
import type { Attack } from './attack.ts';
import source from './endless-data.ts?raw';

const CHUNK = new Uint8Array(65_536);

/** The answer begins as the file that was asked for, and does not end. */
export const endlessData: Attack = {
  id: 'endless-data',
  title: 'Endless data',
  invitation: 'Answer with a file that never ends.',
  aim: 'Memory and disk of the reader fill up, before there is anything whose hash could be wrong.',
  remains:
    'Up to the signed length the reader has to listen. What comes before anything is signed, as the metadata itself, has fixed bounds.',
  wanted: 'data',
  source,

  async run({ world, reader, network, tell }) {
    const genuine = await reader.pull(world.data);
    tell('reader', `pulled ${world.data}, of which ${genuine.length} bytes are signed`);
    const digest = await digestOf(genuine);
    network.takeOver(async ({ blob, did }) => {
      if (blob !== digest) return undefined;
      did('answered with a stream that begins like the file and goes on for ever');
      let sent = 0;
      return new Response(
        new ReadableStream({
          pull(controller) {
            const next = genuine.slice(sent, sent + CHUNK.length);
            const chunk = next.length > 0 ? next : CHUNK;
            sent += chunk.length;
            controller.enqueue(chunk);
          },
          cancel: () => tell('reader', `hung up when ${sent} bytes had been sent`),
        }),
      );
    });
    return reader.pull(world.data);
  },
};
