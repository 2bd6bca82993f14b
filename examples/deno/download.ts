// Saves a target once it is verified. README.md has the command, with the permissions that this needs.
import { DTufCopy } from 'dtuf/node';

const [name = 'demo.txt'] = Deno.args;
const copy = new DTufCopy({
  host: 'https://registry.example.com',
  repository: 'fred/demo',
  trust: new URL('root.json', import.meta.url),
});
try {
  await copy.pullMetadata();
  const file = await copy.pullTarget(name);
  const fileName = name.slice(name.lastIndexOf('/') + 1);
  await file.save({
    path: fileName,
    onProgress: ({ received, total }) =>
      Deno.stderr.writeSync(new TextEncoder().encode(`\r${received} of ${total} bytes`)),
  });
  console.error();
  console.log(`${fileName} is verified and saved.`);
} catch (error) {
  console.error(`${name} was not saved: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
