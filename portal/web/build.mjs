// Bundles the page and writes it as C++: node build.mjs OUT.cpp
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const out = process.argv[2];
if (!out) throw new Error('usage: node build.mjs OUT.cpp');

const bundle = await build({
  entryPoints: { desk: 'desk/main.tsx', style: 'desk/style.css' },
  outdir: 'dist',
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  target: ['es2022'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
});

const assets = [];
let page = readFileSync('index.html', 'utf8');

// Names that change with the content may be cached for ever.
function add(name, type, bytes) {
  const [stem, extension] = name.split('.');
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 10);
  const path = `/assets/${stem}-${digest}.${extension}`;
  assets.push({ path, type, bytes, immutable: true });
  if (!page.includes(`{{${name}}}`)) throw new Error(`index.html does not use ${name}`);
  page = page.replaceAll(`{{${name}}}`, path);
}

for (const file of bundle.outputFiles) {
  const name = file.path.split('/').at(-1);
  add(
    name,
    name.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'text/css; charset=utf-8',
    Buffer.from(file.contents),
  );
}
add('icon.svg', 'image/svg+xml', readFileSync('desk/icon.svg'));
assets.unshift({ path: '/', type: 'text/html; charset=utf-8', bytes: Buffer.from(page), immutable: false });

function literal(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 100) {
    let line = '';
    for (const byte of bytes.subarray(at, at + 100)) line += `\\${byte.toString(8).padStart(3, '0')}`;
    lines.push(`    "${line}"`);
  }
  return lines.join('\n') || '    ""';
}

let source =
  '// Generated from portal/web; not to be edited.\n#include <array>\n\n#include "portal/desk/pages.hpp"\n\n';
source += 'namespace trunkline::portal::desk {\n\nnamespace {\n\n';
assets.forEach((asset, index) => {
  const packed = gzipSync(asset.bytes, { level: 9 });
  source += `constexpr std::string_view kBytes${index}{\n${literal(asset.bytes)},\n    ${asset.bytes.length}};\n`;
  source += `constexpr std::string_view kGzip${index}{\n${literal(packed)},\n    ${packed.length}};\n\n`;
});
source += `constexpr std::array<Asset, ${assets.length}> kAssets{{\n`;
assets.forEach((asset, index) => {
  source += `    {"${asset.path}", "${asset.type}", kBytes${index}, kGzip${index}, ${asset.immutable}},\n`;
});
source += '}};\n\n}  // namespace\n\nstd::span<const Asset> web_assets() { return kAssets; }\n\n';
source += '}  // namespace trunkline::portal::desk\n';
writeFileSync(out, source);
