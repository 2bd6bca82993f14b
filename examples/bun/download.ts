// Saves a target once it is verified: bun run download.ts demo.txt
import { DTufCopy } from 'dtuf/node';

const [, , name = 'demo.txt'] = Bun.argv;
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
    onProgress: ({ received, total }) => process.stderr.write(`\r${received} of ${total} bytes`),
  });
  process.stderr.write('\n');
  console.log(`${fileName} is verified and saved.`);
} catch (error) {
  console.error(`${name} was not saved: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
