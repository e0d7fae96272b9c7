// What no compiler checks: documents that lead somewhere, examples that load, sources that stay readable.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const build = process.env.TRUNKLINE_BUILD ?? path.join(root, 'build/release')
const left = new Set(['.git', 'build', 'node_modules', 'var'])

function* walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!left.has(entry.name)) yield* walk(full)
    } else if (entry.isFile()) yield path.relative(root, full)
  }
}
const files = [...walk(root)]
const text = file => readFileSync(path.join(root, file), 'utf8')
const documents = files.filter(file => file.endsWith('.md'))
const sources = files.filter(file => /\.(cpp|hpp|h|mjs|ts|tsx)$/.test(file))

/** Fenced blocks of a language, with the line they begin at. */
function blocks(file, language) {
  const found = []
  for (const match of text(file).matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```$/gm)) {
    if (match[2] === language) found.push({ at: `${file}:${text(file).slice(0, match.index).split('\n').length}`, body: match[3].replaceAll(`\n${match[1]}`, '\n') })
  }
  return found
}

/** GitHub's anchors: lower case, blanks to dashes, the rest of punctuation gone. */
const anchors = file =>
  new Set([...text(file).matchAll(/^#+ +(.*)$/gm)].map(match => match[1].toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-')))

test('every link in a document leads somewhere', () => {
  const broken = []
  for (const file of documents) {
    const prose = text(file).replace(/^ *```[\s\S]*?^ *```$/gm, '').replace(/`[^`\n]*`/g, '')
    for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const [where, anchor] = target.split('#')
      const full = where ? path.join(path.dirname(file), where) : file
      if (!existsSync(path.join(root, full))) broken.push(`${file}: ${target}`)
      else if (anchor && full.endsWith('.md') && !anchors(full).has(anchor)) broken.push(`${file}: ${target}: no such heading`)
    }
  }
  assert.deepEqual(broken, [])
})

test('every example of JSON is JSON, or members of an object', () => {
  const examples = documents.flatMap(file => blocks(file, 'json'))
  assert.ok(examples.length >= 8, 'the examples were found')
  for (const { at, body } of examples) assert.doesNotThrow(() => JSON.parse(/^\s*"/.test(body) ? `{${body.replace(/,\s*$/, '')}}` : body), `${at}\n${body}`)
})

test('every whole configuration in a document loads', () => {
  const program = path.join(build, 'bin/trunkline')
  assert.ok(existsSync(program), program)
  const examples = documents.flatMap(file => blocks(file, 'yaml')).filter(({ body }) => /^portals:/m.test(body))
  assert.ok(examples.length >= 1, 'the examples were found')
  const folder = mkdtempSync(path.join(tmpdir(), 'trunkline-tidy-'))
  try {
    for (const { at, body } of examples) {
      const file = path.join(folder, 'example.yaml')
      writeFileSync(file, body, { mode: 0o600 })
      const env = { ...process.env }
      for (const [, name] of body.matchAll(/\$\{(\w+)\}/g)) env[name] = /LICENSE/.test(name) ? 'tlk_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw' : '123456:0123456789abcdef'
      try {
        execFileSync(program, ['--config', file, '--check'], { env, stdio: 'pipe' })
      } catch (error) {
        assert.fail(`${at}: ${error.stderr}`)
      }
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('sources stay short enough to be read', () => {
  assert.ok(sources.length > 300, 'the sources were found')
  assert.deepEqual(sources.filter(file => text(file).split('\n').length > 501), [])
})

/** What clang-format makes of files, one after the other in one text. */
const laidOut = async some => (await promisify(execFile)('clang-format', some.map(file => path.join(root, file)), { encoding: 'utf8', maxBuffer: 1 << 26 })).stdout

test('C++ is laid out as .clang-format says', async () => {
  // Its output is compared, for its own check stumbles over nested inline namespaces. Several files go to one process, and
  // two processes run at once: a process for each file takes longer to start than to work.
  const written = sources.filter(file => /\.(cpp|hpp|h)$/.test(file))
  const wrong = []
  const work = async () => {
    for (let some = written.splice(0, 16); some.length > 0; some = written.splice(0, 16)) {
      if ((await laidOut(some)) === some.map(text).join('')) continue
      for (const file of some) if ((await laidOut([file])) !== text(file)) wrong.push(file)
    }
  }
  await Promise.all([work(), work()])
  assert.deepEqual(wrong, [])
})

test('nothing banned is in the sources', () => {
  const product = /^(host|portal|sdk\/include|plugins)\//
  const bans = [
    [/\bstd::cout\b/, file => product.test(file) && !/(^|\/)main\.cpp$/.test(file), 'printing belongs to a program\'s main'],
    [/^\s*using namespace (?!std::\w*_literals)/m, file => /^(host|portal|sdk\/include)\/.*\.[ch]pp$/.test(file), 'names say where they come from'],
    [/\bdetached\b/, file => /^(host|portal|plugins)\/.*\.[ch]pp$/.test(file) && file !== 'host/async/spawn.hpp' && file !== 'host/async/async.cpp', 'async::spawn is the only way to start a coroutine'],
    [new RegExp('\\b(TODO|FIXME|X{3})\\b'), file => file !== 'tests/tidy/tidy.test.mjs', 'do it, or open an issue'],
  ]
  const found = []
  for (const file of sources) {
    for (const [pattern, applies, why] of bans) if (applies(file) && pattern.test(text(file))) found.push(`${file}: ${pattern.source}: ${why}`)
  }
  assert.deepEqual(found, [])
})

test('every folder of the host and every connector says what it is for', () => {
  const folders = ['host', 'plugins', 'portal'].flatMap(top => readdirSync(path.join(root, top), { withFileTypes: true }).filter(entry => entry.isDirectory() && !left.has(entry.name)).map(entry => `${top}/${entry.name}`))
  assert.deepEqual(folders.filter(folder => !existsSync(path.join(root, folder, 'README.md'))), [])
})
