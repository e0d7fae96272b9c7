// Types, lint and the client's own tests: node check.mjs BUILD_FOLDER
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const folder = join(process.argv[2] ?? '.', 'web-tests');

function run(name, command, args) {
  console.log(`-- ${name}`);
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

run('types', process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit']);
run('lint and format', process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'ci', '.']);

const tests = readdirSync('tests').filter((name) => name.endsWith('.test.ts'));
await build({
  entryPoints: tests.map((name) => join('tests', name)),
  outdir: folder,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  platform: 'node',
  jsx: 'automatic',
  jsxImportSource: 'preact',
});
run('client tests', process.execPath, [
  '--test',
  ...tests.map((name) => join(folder, name.replace('.ts', '.mjs'))),
]);
