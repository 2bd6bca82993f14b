// Runs the shell blocks of a document as a reader would: one after the other, in an empty folder, with `dtuf` at hand.
//
// What a block says in comments is checked:
//   command   # prints X              what it printed; lines are joined by " and "
//   command   # exits with 13         its exit code
//   # elsewhere, with root_key.pub    goes on in another empty folder, with that file of the first one
//   # back on the first machine
//   command &                         goes on once its port answers; it is ended at the end
import type { Block } from './markdown.ts';

const PRELUDE = `
set -euo pipefail
FIRST="$PWD/first"
mkdir -p "$FIRST" && cd "$FIRST"
trap 'echo "$AT: failed: $BASH_COMMAND" >&2' ERR
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
elsewhere() {
  cd "$(mktemp -d "$FIRST/../elsewhere-XXXX")"
  for name in "$@"; do cp "$(find "$FIRST" -name "$name" -print -quit)" .; done
}
check() {
  if [ "$2" != "$3" ]; then echo "$AT: $1: expected \\"$2\\", got \\"$3\\"" >&2; exit 1; fi
}
answers() {
  for _ in $(seq 100); do if (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then return; fi; sleep 0.1; done
  echo "$AT: nothing answers on port $PORT" >&2
  exit 1
}
`;

/** The blocks of one document as one script of bash. */
export function scriptOf(blocks: readonly Block[]): string {
  return (
    PRELUDE +
    blocks.map(({ at, code }) => `AT='${at}'\n${commandsOf(code).map(checked).join('\n')}\n`).join('')
  );
}

/** Lines, with those joined that a backslash joins. */
function commandsOf(code: string): string[] {
  return code.replace(/\\\n\s*/g, '').split('\n');
}

function checked(line: string): string {
  const elsewhere = /^# elsewhere(?:, with (.+))?$/.exec(line);
  if (elsewhere) return `elsewhere ${elsewhere[1]?.replaceAll(' and ', ' ') ?? ''}`;
  if (line === '# back on the first machine') return 'cd "$FIRST"';
  const [, command = '', claim = ''] = /^(.*\S)\s+# (.*)$/.exec(line) ?? [];
  const prints = /^prints (.*)$/.exec(claim)?.[1];
  const code = /^exits with (\d+)/.exec(claim)?.[1];
  if (prints !== undefined) {
    const expected = prints.split(' and ').map(quoted).join("$'\\n'");
    return `GOT="$(${command})"\ncheck ${quoted(command)} ${expected} "$GOT"`;
  }
  if (code !== undefined) return `CODE=0; ${command} || CODE=$?\ncheck ${quoted(command)} ${code} "$CODE"`;
  return / &$/.test(line) ? `${line}\nanswers` : line;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
