/** Every variable of the environment that the command reads, and what it means. */
export const variables = Object.freeze({
  DTUF_HOST:
    'the registry: host[:port], http(s)://host, or oci:FOLDER for a folder; unset: <repo> names it, as in ghcr.io/fred/demo',
  DTUF_METADATA_URL:
    'in the place of DTUF_HOST: where the metadata of any TUF repository lies on a web server, which is read; <repo> then only names the local state',
  DTUF_TARGETS_URL: 'where its targets lie (default: targets/ beside the metadata)',
  DTUF_INSECURE: '1: http instead of https',
  DTUF_USERNAME: 'whom to sign in as at the registry (default: what dtuf login, docker or podman keep)',
  DTUF_PASSWORD: 'the password; asked for on the terminal if unset',
  DTUF_TOKEN: 'a token to use instead, from dtuf auth',
  DTUF_AUTH_HOST: 'where tokens come from, whatever the registry says',
  DOCKER_CONFIG: 'the folder of config.json, where logins are kept (default: ~/.docker)',
  REGISTRY_AUTH_FILE: 'a file of podman for logins, in the place of config.json',
  XDG_RUNTIME_DIR: 'podman keeps logins there, in containers/auth.json: read after config.json',
  DTUF_CA_FILE: 'certificate authorities (PEM) to trust beside those that the runtime knows',
  HTTPS_PROXY: 'the proxy for https, as in http://proxy:3128; loopback addresses are reached without',
  HTTP_PROXY: 'likewise for http',
  NO_PROXY: 'hosts to be reached without a proxy, as in example.com,.internal',
  DTUF_REPOSITORIES_ROOT:
    'where keys and metadata are kept (default: dtuf_repos), in <repo>/master and <repo>/copy; in @<host>/<repo> if DTUF_HOST is unset',
  DTUF_LAYOUT:
    'native or legacy: how a new repository is laid out, or one that does not say; legacy is that of python-dtuf',
  DTUF_KEY_TYPE: 'new keys: ed25519 (default), ecdsa or rsa',
  DTUF_ROOT_KEY_PASSWORD: 'of the root key; asked for on the terminal if unset',
  DTUF_TARGETS_KEY_PASSWORD: 'of the targets key; likewise',
  DTUF_SNAPSHOT_KEY_PASSWORD: 'of the snapshot key; likewise',
  DTUF_TIMESTAMP_KEY_PASSWORD: 'of the timestamp key; likewise',
  DTUF_ROOT_LIFETIME: 'how long a signed root is valid, such as "52w" (default: a year)',
  DTUF_TARGETS_LIFETIME: 'likewise for targets (default: 3 months)',
  DTUF_SNAPSHOT_LIFETIME: 'likewise for snapshot (default: a week)',
  DTUF_TIMESTAMP_LIFETIME: 'likewise for timestamp (default: a day)',
  DTUF_PROGRESS: '1: progress bars; 0: none; else: where standard error is a terminal',
  DTUF_BLOB_INFO: '1: a line "<digest> <size>" before each part that is pulled',
  DTUF_LOG_FILE: 'the log (default: dtuf.log, made when there is something to write); empty: none',
  DTUF_FILE_LOG_LEVEL: 'DEBUG, INFO, WARNING (default), ERROR or CRITICAL: what goes into the log',
  DTUF_CONSOLE_LOG_LEVEL: 'likewise for standard error',
  NO_COLOR: 'anything: no colours',
});

export type Variable = keyof typeof variables;

/** Where logins are kept. */
export const credentialsVariables: readonly Variable[] = [
  'DOCKER_CONFIG',
  'REGISTRY_AUTH_FILE',
  'XDG_RUNTIME_DIR',
];

/** What every command that needs a registry reads. */
export const registryVariables: readonly Variable[] = [
  'DTUF_HOST',
  'DTUF_INSECURE',
  'DTUF_USERNAME',
  'DTUF_PASSWORD',
  'DTUF_TOKEN',
  'DTUF_AUTH_HOST',
  ...credentialsVariables,
  'DTUF_CA_FILE',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
];

/** What every command reads that downloads, from a registry or a web server. */
export const sourceVariables: readonly Variable[] = [
  ...registryVariables,
  'DTUF_METADATA_URL',
  'DTUF_TARGETS_URL',
];

/** Where the state is, and which kind of repository. */
export const stateVariables: readonly Variable[] = ['DTUF_HOST', 'DTUF_REPOSITORIES_ROOT', 'DTUF_LAYOUT'];

const all = Object.keys(variables) as Variable[];

/** The chosen variables, in their one order, as a part of a help text. */
export function variablesHelp(chosen: readonly Variable[] = all): string {
  const names = all.filter((name) => chosen.includes(name));
  const column = Math.max(...names.map((name) => name.length)) + 2;
  const lines = names.flatMap((name) =>
    wrap(variables[name], 100 - column - 2).map(
      (line, index) => `  ${(index === 0 ? name : '').padEnd(column)}${line}`,
    ),
  );
  return ['Environment:', ...lines].join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
