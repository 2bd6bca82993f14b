// Runs test files in a Worker, as workerd has it: within a request, as neither time nor random numbers are there before.
import { type Run, run as runTests } from './entry.ts';

export function run(all: Run): { fetch(): Promise<Response> } {
  return {
    async fetch() {
      try {
        await runTests(all);
        return new Response('');
      } catch (error) {
        return new Response(error instanceof Error ? error.stack : String(error), { status: 500 });
      }
    },
  };
}
