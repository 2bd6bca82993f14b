// The attacks of the demo, without its page: what each does, and what the client says.
import { beforeAll, describe, expect, it } from 'vitest';
import { type Attack, carryOut, type Outcome } from '../../demo/page/attacks/attack.ts';
import { attacks } from '../../demo/page/attacks/index.ts';
import { chainOf } from '../../demo/page/chain.ts';
import { inPageWorld } from '../../demo/page/in-page-world.ts';
import { Reader } from '../../demo/page/reader.ts';
import type { World } from '../../demo/page/world.ts';
import { tableUnder } from '../docs/markdown.ts';

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** By attack: what refuses it, and at which link the chain breaks. */
const REFUSALS: Readonly<Record<string, { code: string; clause: string; broken: string }>> = {
  'tampered-file': { code: 'TARGET_MISMATCH', clause: '5.7.2', broken: 'file' },
  rollback: { code: 'METADATA_ROLLBACK', clause: '5.4.3.1', broken: 'timestamp' },
  freeze: { code: 'METADATA_EXPIRED', clause: '5.4.4', broken: 'timestamp' },
  'mix-and-match': { code: 'METADATA_MISMATCH', clause: '5.6.2', broken: 'targets' },
  'stolen-timestamp-key': { code: 'METADATA_UNSIGNED', clause: '5.5.3', broken: 'snapshot' },
  'endless-data': { code: 'TARGET_MISMATCH', clause: '5.7.2', broken: 'file' },
};

/** By attack: what of the text a client that verifies nothing takes. */
const TAKEN: Readonly<Record<string, string>> = {
  'tampered-file': 'rm -rf //*',
  rollback: 'release 1',
  freeze: 'release 1',
  'mix-and-match': 'release 1',
  'stolen-timestamp-key': 'thief.invalid',
};

describe('the attacks of the demo', () => {
  let world: World;

  beforeAll(async () => {
    world = await inPageWorld('https://demo.invalid');
  });

  it('are the six', () => {
    expect(attacks.map(({ id }) => id)).toEqual(Object.keys(REFUSALS));
  });

  it('are described as they are', () => {
    const described = tableUnder('docs/demo.md', 'The six attacks').map(
      ([title, , code, clause, broken]) => ({
        title,
        code: code?.replaceAll('`', ''),
        clause,
        broken,
      }),
    );
    expect(described).toEqual(attacks.map(({ id, title }) => ({ title, ...REFUSALS[id] })));
  });

  describe.each(attacks.map((attack) => [attack.id, attack] as const))('%s', (id, attack: Attack) => {
    let outcome: Outcome;

    beforeAll(async () => {
      outcome = await carryOut(attack, world);
    });

    it('is refused, and nothing is handed out', () => {
      const { refusal, handedOut } = outcome;
      expect({ code: refusal?.code, clause: refusal?.clause }).toEqual({
        code: REFUSALS[id]?.code,
        clause: REFUSALS[id]?.clause,
      });
      expect(refusal?.expected).not.toBe('');
      expect(refusal?.got).not.toBe(refusal?.expected);
      expect(handedOut).toBeUndefined();
    });

    it('breaks the chain at one link: those before it are verified, those after it not reached', () => {
      const links = chainOf({ checks: outcome.checks, refusal: outcome.refusal, found: undefined });
      const at = links.findIndex(({ state }) => state === 'broken');
      expect(links[at]?.name).toBe(REFUSALS[id]?.broken);
      expect(links.map(({ state }) => state)).toEqual(
        links.map((_, i) => (i < at ? 'verified' : i === at ? 'broken' : 'unreached')),
      );
      const failed = links[at]?.files.map((file) => file.failed?.clause).filter(Boolean);
      expect(failed).toEqual([REFUSALS[id]?.clause]);
    });

    it('was done to a request on its way', () => {
      expect(outcome.happenings.some(({ who, asked }) => who === 'attacker' && asked !== undefined)).toBe(
        true,
      );
    });

    it('succeeds with a client that verifies nothing', () => {
      const { taken, genuine } = outcome;
      expect(taken.bytes).not.toEqual(genuine);
      const wanted = TAKEN[id];
      if (wanted === undefined) expect(taken.endless).toBe(true);
      else expect(textOf(taken.bytes)).toContain(wanted);
    });

    it('is shown as it is written', () => {
      expect(attack.source).toContain(`id: '${id}'`);
    });
  });

  it('does no harm to who comes after it', async () => {
    for (const attack of attacks) await carryOut(attack, world);
    expect(textOf(await new Reader(world).pull())).toContain('release 2');
  });

  it('is not refused where nothing is done, and says so', async () => {
    const harmless: Attack = { ...(attacks[0] as Attack), run: ({ reader }) => reader.pull() };
    const { refusal, handedOut, genuine } = await carryOut(harmless, world);
    expect(refusal).toBeUndefined();
    expect(handedOut).toEqual(genuine);
  });
});
