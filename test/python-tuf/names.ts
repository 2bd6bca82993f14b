// Names that roles and targets go by in random repositories, and patterns that may match them.
import type { Random } from './random.ts';

export const ROLE_NAMES: readonly string[] = [
  ...[
    'a',
    'A',
    'docs',
    'team/one',
    '1.root',
    'x.json',
    'rôle ü',
    '角色',
    '%2e%2e',
    'constructor',
    "it's (1)!~*",
  ],
];

const TARGET_NAMES: readonly string[] = [
  ...[
    'a',
    'b.txt',
    'a.bin',
    'docs/a.txt',
    'docs/b.txt',
    'docs/deep/a.txt',
    'ab/ba',
    'targets.json',
    'constructor',
  ],
  ...[
    'ünï/cödé.txt',
    '名前',
    'a b',
    '%41',
    'q?x=1',
    'h#h',
    "it's(1)!*~",
    '😀/\ue000',
    'C:x',
    '[a]',
    'a-b',
    '-',
  ],
];

const PATTERNS: readonly string[] = [
  ...[
    '*',
    '*/*',
    '*/*/*',
    '?',
    '*.txt',
    'docs/*.txt',
    'docs/*',
    '*/a*',
    '[ab]*',
    '[!a]*',
    '[a-c]?*',
    '??/*',
    'ü*/*',
  ],
  ...[
    '[',
    '[]',
    '[]]',
    '[!]',
    '[[]a]',
    '[^a]',
    '[b-a]',
    '[a-]*',
    '[--0]*',
    '**',
    '*a*b*',
    'a/',
    '',
    '/',
    '\\*',
  ],
];

/** A name of a target; some are of few letters, so that patterns and other roles meet them. */
export function targetName(random: Random): string {
  return random.chance(0.7) ? random.pick(TARGET_NAMES) : letters(random, 'ab-/', 5);
}

export function pattern(random: Random): string {
  if (random.chance(0.5)) return random.pick(PATTERNS);
  return random.chance(0.5) ? targetName(random) : letters(random, 'ab*?[]!-/', 7);
}

/** Without empty parts: such names cannot be asked for on a web server. */
function letters(random: Random, alphabet: string, most: number): string {
  const text = Array.from({ length: random.from(1, most) }, () => random.pick([...alphabet])).join('');
  return text.split('/').filter(Boolean).join('/') || 'a';
}
