// The gate of the border: what it lets through today, and that it sees every edit that would break connectors.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { readBorder } from './border.mjs'
import { fromText, readGolden, toText } from './golden.mjs'
import { judge } from './judge.mjs'

const here = path.dirname(fileURLToPath(import.meta.url))
const root = path.resolve(here, '../..')
const include = path.join(root, 'sdk/include')
const golden = path.join(root, 'sdk/abi.golden')
const core = 'trunkline/abi.h'
const gate = (...words) => spawnSync(process.execPath, [path.join(here, 'gate.mjs'), ...words], { encoding: 'utf8' })

function withFolder(run) {
  return () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'trunkline-abi-'))
    try {
      run(folder)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}
/** A copy of the headers with edits: [header, what stands there, what stands there then]... */
function copy(folder, name, edits = []) {
  const to = path.join(folder, name)
  cpSync(path.join(include, 'trunkline'), path.join(to, 'trunkline'), { recursive: true, filter: from => !/\.hpp$|testing/.test(from) })
  for (const [header, from, into] of edits) {
    const file = path.join(to, header)
    const text = readFileSync(file, 'utf8')
    assert.equal(text.split(from).length, 2, `"${from}" stands in ${header} once`)
    writeFileSync(file, text.replace(from, () => into))
  }
  return to
}

test('the headers are what the golden file says', () => {
  const { status, stdout, stderr } = gate('check')
  assert.equal(status, 0, stdout + stderr)
  assert.equal(readFileSync(golden, 'utf8'), toText(readBorder(include)))
})

test('a connector that was built against the first version still works', () => {
  const first = readBorder(path.join(here, 'v1/include'))
  assert.deepEqual(first.version, { major: 1, minor: 0 })
  assert.deepEqual(judge(first, readBorder(include)).breaks, [])
  assert.deepEqual(judge(first, readGolden(golden)).breaks, [], 'the golden file was not written by hand')
})

test('every struct, enumerator and extension of the headers is in the golden file', () => {
  const text = readFileSync(golden, 'utf8')
  const has = (word, name) => assert.match(text, new RegExp(`^ *${word}${name}[ (]?`, 'm'), name)
  let seen = 0
  for (const [header] of readGolden(golden).headers) {
    const source = readFileSync(path.join(include, header), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
    for (const [, name] of source.matchAll(/^typedef struct (\w+) \{/gm)) seen++, has('struct ', name)
    for (const [, body] of source.matchAll(/^typedef enum \w+ \{([\s\S]*?)\}/gm)) for (const [, name] of body.matchAll(/\b(TL_\w+)/g)) seen++, has('', name)
    for (const [, name] of source.matchAll(/^#define (TL_EXT_\w+)/gm)) seen++, has('constant ', name)
    for (const [, name] of source.matchAll(/^ {4}[\w* ]+\(\*(\w+)/gm)) seen++, has('.*\\(\\*', name)
  }
  assert.ok(seen > 90, `${seen} were looked for`)
})

const bump = [core, '#define TL_ABI_MINOR 0u', '#define TL_ABI_MINOR 1u']
const lastEffect = '    tl_status (*outcome)(void* ctx, uint64_t task, const tl_outcome*) TL_NOEXCEPT;\n'
const timer = 'uint32_t step, int64_t due_ms) TL_NOEXCEPT;'
// Each edit of a header, and what is said about it; null = nothing, it is legal.
const edits = {
  'a function is appended to a sized table': [[bump, [core, lastEffect, `${lastEffect}    tl_status (*later)(void* ctx) TL_NOEXCEPT;\n`]], null],
  'a function is inserted in the middle': [[bump, [core, '    tl_status (*timer)(', '    tl_status (*later)(void* ctx) TL_NOEXCEPT;\n    tl_status (*timer)(']], /struct tl_effects: "tl_status \(\*timer\)\(.*\)" at 24 became "tl_status \(\*later\)\(void \*\)" at 24/],
  'an argument becomes unsigned': [[[core, timer, timer.replace('int64_t', 'uint64_t')]], /struct tl_effects: "tl_status \(\*timer\)\(void \*, uint64_t, uint32_t, int64_t\)" at 24 became "tl_status \(\*timer\)\(void \*, uint64_t, uint32_t, uint64_t\)"/],
  'a word is taken out of the reserve of a strided struct': [[bump, [core, '    uint64_t reserved[3];', '    uint64_t later;\n    uint64_t reserved[2];']], /struct tl_input: "uint64_t reserved\[3\]" at 136 became "uint64_t later" at 136/],
  'a field gets another name': [[[core, '    tl_view method, url;', '    tl_view verb, url;']], /struct tl_http: "tl_view method" at 8 became "tl_view verb" at 8/],
  'a named enumerator gets another value': [[[core, 'TL_E_LIMIT = -7', 'TL_E_LIMIT = -9']], /enumerator TL_E_LIMIT was -7, is -9/],
  'a value is added to an enum': [[bump, [core, 'TL_PUT_SECRET = 1', 'TL_PUT_PUBLIC = 2,\n    TL_PUT_SECRET = 1']], null],

  'something is appended without a new minor': [[[core, lastEffect, `${lastEffect}    tl_status (*later)(void* ctx) TL_NOEXCEPT;\n`]], /tl_effects: tl_status \(\*later\)\(void \*\) was appended, so TL_ABI_MINOR must be higher than 0/],
  'a value is added without a new minor': [[[core, 'TL_PUT_SECRET = 1', 'TL_PUT_PUBLIC = 2,\n    TL_PUT_SECRET = 1']], /TL_PUT_PUBLIC was appended, so TL_ABI_MINOR/],
  'a frozen struct grows': [[bump, [core, '    uint64_t flags; /* tl_part_flag */', '    uint64_t flags; /* tl_part_flag */\n    uint64_t later;'], [core, 'sizeof(tl_part) == 88', 'sizeof(tl_part) == 96']], /struct tl_part: is frozen, and got "uint64_t later" at 88/],
  'a frozen struct is called sized': [[bump, [core, 'TL_STATIC_ASSERT(sizeof(tl_input) == 160, "tl_input is frozen");', '']], /struct tl_input: was frozen, is sized/],
  'a field changes its type but not its size': [[[core, '    int64_t timeout_ms;', '    uint64_t timeout_ms;']], /"int64_t timeout_ms" at 80 became "uint64_t timeout_ms" at 80/],
  'a struct loses its last member': [[[core, lastEffect, '']], /struct tl_effects: "tl_status \(\*outcome\)\(.*\)" at 104 is gone/],
  'an enumerator goes': [[[core, '    TL_ACCOUNT_BROKEN = 4,', '   ']], /enumerator TL_ACCOUNT_BROKEN is gone/],
  'a status becomes wider': [[[core, 'typedef int32_t tl_status;', 'typedef int64_t tl_status;']], /type tl_status was int32_t, is int64_t/],
  'a limit becomes lower': [[[core, '#define TL_MAX_BATCH 64u ', '#define TL_MAX_BATCH 32u ']], /constant TL_MAX_BATCH was 64u, is 32u/],
  'the entry takes other arguments': [[[core, 'tl_connector_entry(uint32_t host_abi_major, uint32_t host_abi_minor)', 'tl_connector_entry(uint32_t host_abi_major)']], /function tl_connector_entry was const tl_plugin \*\(uint32_t, uint32_t\), is const tl_plugin \*\(uint32_t\)/],
  'an extension gets another id': [[['trunkline/ext/crypto.h', 'CRYPTO "trunkline.crypto/1"', 'CRYPTO "trunkline.crypto/2"']], /trunkline\/ext\/crypto\.h: constant TL_EXT_CRYPTO was "trunkline.crypto\/1"/],
  'an extension gets a function at its end': [[['trunkline/ext/random.h', '} tl_random;', '    void (*later)(void* ctx) TL_NOEXCEPT;\n} tl_random;']], null],
  'an extension gets a function in front': [[['trunkline/ext/crypto.h', '    int32_t (*equal)', '    void (*later)(void) TL_NOEXCEPT;\n    int32_t (*equal)']], /struct tl_crypto: "int32_t \(\*equal\)\(tl_view, tl_view\)" at 8 became/],
  'the note on disk changes': [[['trunkline/note.h', '    uint32_t build_size;', '    uint64_t build_size;']], /struct tl_note: "uint32_t build_size" at 32 became "uint64_t build_size" at 32/],
  'the version goes down': [[[core, '#define TL_ABI_MAJOR 1u', '#define TL_ABI_MAJOR 0u']], /the ABI went from 1\.0 down to 0\.0/],
  'a new major starts anew': [[[core, '#define TL_ABI_MAJOR 1u', '#define TL_ABI_MAJOR 2u'], [core, '    tl_view method, url;', '    tl_view verb, url;']], null],
}
for (const [what, [changes, expected]] of Object.entries(edits)) {
  test(`${expected ? 'seen' : 'legal'}: ${what}`, withFolder(folder => {
    const before = readBorder(copy(folder, 'before'))
    const { breaks } = judge(before, readBorder(copy(folder, 'after', changes)))
    if (!expected) return assert.deepEqual(breaks, [])
    assert.equal(breaks.length, 1, breaks.join('\n'))
    assert.match(breaks[0], expected)
  }))
}

test('seen: values of an enum without a name are renumbered', withFolder(folder => {
  const nameless = [core, 'typedef enum tl_put_flag {', 'enum {']
  const closed = [core, '} tl_put_flag;', '};']
  const before = readBorder(copy(folder, 'before', [nameless, closed]))
  const after = readBorder(copy(folder, 'after', [nameless, closed, [core, 'TL_PUT_SECRET = 1', 'TL_PUT_SECRET = 2']]))
  assert.ok(judge(before, after).breaks.includes(`${core}: enumerator TL_PUT_SECRET was 1, is 2`))
  assert.match(judge(before, before).breaks.join('\n'), /the enum \(of TL_PUT_SECRET\) has no name/)
}))

test('seen: a header goes, a type lies in what was padding', withFolder(folder => {
  const whole = readBorder(copy(folder, 'whole'))
  const less = copy(folder, 'less')
  rmSync(path.join(less, 'trunkline/ext/metrics.h'))
  assert.deepEqual(judge(whole, readBorder(less)).breaks, ['trunkline/ext/metrics.h is gone'])

  const end = '    uint32_t state_schema;  /* of `state` */\n    uint32_t reserved;\n'
  const padded = readBorder(copy(folder, 'padded', [[core, end, '    uint32_t state_schema;\n']]))
  const filled = readBorder(copy(folder, 'filled', [bump, [core, end, '    uint32_t state_schema;\n    uint32_t later;\n']]))
  assert.deepEqual(judge(padded, filled).breaks, [`${core}: struct tl_setup: "uint32_t later" at 92 lies in what was padding; fill it with a reserved word first`])
}))

test('what the gate does not understand is an error, not a pass', withFolder(folder => {
  const added = text => [[core, '/* ---- the two tables ---- */', text]]
  for (const [text, words] of [
    ['typedef struct tl_odd { uint32_t size; uint32_t a : 3; } tl_odd;', /only plain members/],
    ['typedef struct tl_odd { uint32_t size; union { int a; float b; }; } tl_odd;', /unions do not cross/],
    ['typedef union tl_odd { int a; float b; } tl_odd;', /unions do not cross/],
    ['typedef struct { uint32_t size; } tl_odd;', /without a tag/],
    ['typedef struct tl_odd { uint32_t size; char tail[]; } tl_odd;', /without a size/],
    ['this is no C', /do not compile/],
  ]) {
    assert.throws(() => readBorder(copy(folder, `odd${text.length}`, added(text))), words, text)
    rmSync(path.join(folder, `odd${text.length}`), { recursive: true })
  }
  const text = readFileSync(golden, 'utf8')
  for (const [from, to] of [['abi 1.0', 'abi one'], ['struct tl_view frozen 16', 'struct tl_view soft 16'], ['  TL_OK 0', '  0 8 int x'], ['header trunkline/abi.h\n', ''], ['constant TL_MAX_KEY 512u', 'constant TL_MAX_KEY']])
    assert.throws(() => fromText(text.replace(from, to)), /not understood/, to)
  assert.throws(() => fromText(''), /no version/)
}))

test('update writes what is legal and nothing else', withFolder(folder => {
  const file = path.join(folder, 'abi.golden')
  const run = (action, headers) => gate(action, headers, file)
  const present = copy(folder, 'present')
  assert.equal(run('check', present).status, 1)
  assert.equal(run('update', present).status, 0)
  assert.equal(readFileSync(file, 'utf8'), readFileSync(golden, 'utf8'))
  assert.match(run('update', present).stdout, /is up to date/)

  const broken = run('update', copy(folder, 'broken', edits['a field gets another name'][0]))
  assert.equal(broken.status, 1)
  assert.match(broken.stderr, /^break: trunkline\/abi\.h: struct tl_http: .*\nConnectors in the field would break/)
  assert.equal(readFileSync(file, 'utf8'), readFileSync(golden, 'utf8'), 'nothing was written')

  const grown = copy(folder, 'grown', edits['a function is appended to a sized table'][0])
  const unwritten = run('check', grown)
  assert.equal(unwritten.status, 1)
  assert.match(unwritten.stderr, /is not up to date: scripts\/abi update/)
  const written = run('update', grown)
  assert.equal(written.status, 0)
  assert.match(written.stdout, /^new: trunkline\/abi\.h: tl_effects: tl_status \(\*later\)\(void \*\)$/m)
  assert.equal(run('check', grown).status, 0)
  assert.equal(run('check', present).status, 1, 'it does not go back')
  assert.equal(gate('bogus').status, 2)
  assert.ok(existsSync(file))
}))
