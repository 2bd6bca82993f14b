import type { Attack } from './attack.ts';
import source from './rollback.ts?raw';

/** Everything handed out is genuine and signed, and was the newest release once. */
export const rollback: Attack = {
  id: 'rollback',
  title: 'Rollback',
  invitation: 'Hand out the old release as if it were the newest.',
  aim: 'The old release has a hole that everybody knows by now. Its signatures are genuine: nothing has to be forged.',
  remains:
    'A reader that remembers nothing, on its first visit or after its browser emptied the storage, cannot know what was newest. For it only the date of expiry bounds how old a release can be.',
  source,

  async run({ world, reader, network, old, newest, tell }) {
    await reader.pull(world.text);
    tell('reader', `has seen the newest release: its timestamp is version ${newest}`);
    network.takeOver(async ({ manifest, pass, did }) => {
      if (manifest !== 'timestamp.json') return undefined;
      did(`answered with ${old}.timestamp.json, the metadata of the release before`);
      return pass(`${old}.timestamp.json`);
    });
    return reader.pull(world.text);
  },
};
