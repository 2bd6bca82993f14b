import { digestOf } from '../bundle.ts';
import type { Attack } from './attack.ts';
import source from './tampered-file.ts?raw';

/** All metadata is genuine. One bit of the file is not. */
export const tamperedFile: Attack = {
  id: 'tampered-file',
  title: 'Tampered file',
  invitation: 'Change a single bit of a file in the registry.',
  aim: 'Whoever can write to the registry, its disk, a mirror or a cache can hand out a file of the same name and length that does something else.',
  remains:
    'The reader is left without the file. Nobody who holds the registry can be made to answer honestly.',
  source,

  async run({ world, reader, network, tell }) {
    const genuine = await reader.pull(world.text);
    tell('reader', `pulled ${world.text} and has verified it`);
    const digest = await digestOf(genuine);
    network.takeOver(async ({ blob, did }) => {
      if (blob !== digest) return undefined;
      const forged = genuine.slice();
      // "./*" and "//*" are one bit apart. Where a file has no such place, its first letter is changed.
      const text = new TextDecoder().decode(genuine);
      const at = Math.max(0, text.indexOf('./*'));
      const bit = text.startsWith('./*', at) ? 1 : 2;
      forged[at] = (genuine[at] ?? 0) ^ bit;
      const [before, after] = [genuine, forged].map((bytes) => String.fromCharCode(bytes[at] ?? 0));
      did(`flipped one bit of byte ${at} of ${world.text}: “${before}” is “${after}” now`);
      return new Response(forged);
    });
    return reader.pull(world.text);
  },
};
