// Tells people and `.ci/run` what came of it.
import { writeFileSync } from 'node:fs';

/** Prints what failed, and "NAME: N passed, N failed". @returns whether all is well */
export function print({ name, files, excluded, problems, tables, seconds }) {
  const results = files.flatMap((file) => file.results);
  const of = (state) => results.filter((result) => result.state === state);
  console.log(`\n=== ${name}`);
  for (const line of tables) console.log(line);
  for (const result of of('skipped')) console.log(`NOT RUN: ${result.name}`);
  for (const result of of('failed')) console.log(`FAILED: ${describe(result)}`);
  for (const problem of problems) console.log(`FAILED: ${problem}`);
  const slowest = [...files].sort((a, b) => b.milliseconds - a.milliseconds).slice(0, 5);
  console.log(
    `slowest: ${slowest.map((one) => `${one.path} ${(one.milliseconds / 1000).toFixed(1)} s`).join(', ')}`,
  );
  const failed = of('failed').length + problems.length;
  const counts = `${of('passed').length} passed, ${failed} failed, ${of('skipped').length} skipped, ${excluded} excluded`;
  console.log(`${name}: ${counts}, in ${seconds.toFixed(1)} s`);
  return failed === 0;
}

function describe({ name, errors }) {
  const lines = errors.flatMap(({ message, diff, stack }) => {
    const ours = stack?.split('\n').filter((line) => line.includes('/.cache/runtimes-')) ?? [];
    return [message, diff, ...ours].filter(Boolean);
  });
  return [name, ...lines].join('\n').replaceAll('\n', '\n  ');
}

/** Writes what vitest's reporter `json` would. */
export function write(path, outcomes) {
  const testResults = outcomes.flatMap(({ name, files, problems }) => [
    ...files.map((file) => fileResult(`${file.path} in ${name}`, file.path, file.results)),
    ...problems.map((problem) => fileResult(name, name, [{ name: problem, state: 'failed' }])),
  ]);
  const count = (status) =>
    testResults.flatMap((file) => file.assertionResults.filter((one) => one.status === status)).length;
  const report = { numPassedTests: count('passed'), numFailedTests: count('failed'), testResults };
  writeFileSync(path, JSON.stringify(report));
}

function fileResult(title, name, results) {
  return {
    name,
    status: results.some(({ state }) => state === 'failed') ? 'failed' : 'passed',
    assertionResults: results.map((result) => ({
      fullName: `${title}: ${result.name}`,
      status: result.state,
    })),
  };
}
