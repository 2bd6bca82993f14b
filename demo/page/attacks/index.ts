import type { Attack } from './attack.ts';
import { endlessData } from './endless-data.ts';
import { freeze } from './freeze.ts';
import { mixAndMatch } from './mix-and-match.ts';
import { rollback } from './rollback.ts';
import { stolenTimestampKey } from './stolen-timestamp-key.ts';
import { tamperedFile } from './tampered-file.ts';

export const attacks: readonly Attack[] = [
  tamperedFile,
  rollback,
  freeze,
  mixAndMatch,
  stolenTimestampKey,
  endlessData,
];
