// Runs commands as a person would type them, and prints what they typed and what it said.
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
const style = (code) => (text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
const [bold, dim, green, red, cyan] = [1, 2, 32, 31, 36].map(style);

/** Passwords are typed on a terminal as a rule. Here nobody is asked. */
const passwords = Object.fromEntries(
  ['ROOT', 'TARGETS', 'SNAPSHOT', 'TIMESTAMP'].map((role) => [
    `DTUF_${role}_KEY_PASSWORD`,
    `demo-${role.toLowerCase()}`,
  ]),
);

export function openShell({ dist, folder, host, isEnding }) {
  const environment = { DTUF_HOST: host, ...passwords };

  return {
    folder,
    bold,
    passwordOf: (role) => passwords[`DTUF_${role.toUpperCase()}_KEY_PASSWORD`],
    say: (text) => console.log(text),
    heading: (text) =>
      console.log(`\n${cyan(bold(`── ${text} ${'─'.repeat(Math.max(0, 70 - text.length))}`))}`),
    remark: (text) => console.log(dim(`# ${text}`)),
    /** A command of the shell that the demo does itself, so that it runs on every system. */
    typed: (place, line) => console.log(`${green(`${place} $`)} ${bold(line)}`),
    showEnvironment() {
      for (const [name, value] of Object.entries(environment)) console.log(dim(`export ${name}=${value}`));
    },
    /**
     * Runs `dtuf` in the folder of one of the two people.
     *
     * @param expected the exit code that the story needs; another one ends the demo.
     * @returns what it wrote to standard output.
     */
    async dtuf(place, args, expected = 0) {
      if (isEnding()) throw new Error('interrupted');
      const directory = join(folder, place);
      await mkdir(directory, { recursive: true });
      console.log(`${green(`${place} $`)} ${bold(['dtuf', ...args].join(' '))}`);
      const { output, code } = await run(process.execPath, [join(dist, 'cli.js'), ...args], {
        cwd: directory,
        env: { ...withoutDtuf(process.env), ...environment, DTUF_PROGRESS: '0' },
      });
      if (expected !== 0) console.log(`${green(`${place} $`)} ${bold('echo $?')}\n${red(code)}`);
      if (code !== expected) {
        throw new Error(`dtuf ${args[0]} ended with exit code ${code} where ${expected} was expected`);
      }
      return output;
    },
  };
}

/** Settings of whoever runs the demo must not change it. */
function withoutDtuf(variables) {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !name.startsWith('DTUF_')));
}

function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      process.stdout.write(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text) => process.stdout.write(colour ? dim(text) : text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ output, code }));
  });
}
