import type { Attack } from './attack.ts';
import source from './freeze.ts?raw';

/** The reader is told for ever that there is nothing new. */
export const freeze: Attack = {
  id: 'freeze',
  title: 'Freeze',
  invitation: 'Hold the update back, and go on serving what the reader knows.',
  aim: 'The reader shall never hear of the release that closes the hole. Nothing is forged, and no version goes back.',
  remains:
    'Until the timestamp expires, nobody can tell a registry without news from one that hides them. The publisher decides how long that is, by how often the timestamp is signed anew.',
  takesTime: true,
  source,

  async run({ world, reader, network, old, tell }) {
    network.asOf(old);
    await reader.pull(world.text);
    tell('reader', `pulled ${world.text} while version ${old} of the timestamp was the newest`);
    network.takeOver(async ({ manifest, pass, did }) => {
      if (manifest !== 'timestamp.json') return undefined;
      did(`kept back what is newer, and answered with ${old}.timestamp.json again`);
      return pass(`${old}.timestamp.json`);
    });
    await reader.refresh();
    tell('reader', 'sees nothing wrong yet: the timestamp is still valid');
    const { timestamp } = await reader.expirations();
    reader.waitUntil(new Date(timestamp.getTime() + 60_000));
    tell('time', `passes: by the reader’s clock it is ${reader.now.toISOString().slice(0, 16)}Z`);
    return reader.pull(world.text);
  },
};
