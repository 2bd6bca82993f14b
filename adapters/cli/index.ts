#!/usr/bin/env node
import { main } from './main.ts';
import { hideExperimentalNotes } from './warnings.ts';

hideExperimentalNotes();
// The output is written out by now. Idle connections to a registry would keep the process for seconds.
process.exit(await main(process.argv.slice(2)));
