// What the scripts of the repository promise, with stand-ins for apt-get, cmake and ctest.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..')

/** Runs a script of a copied `scripts/` with programs of our own before all others; `said` is what these wrote down. */
function run(script, args, programs) {
  const folder = mkdtempSync(path.join(tmpdir(), 'trunkline-scripts-'))
  try {
    cpSync(path.join(root, 'scripts'), path.join(folder, 'scripts'), { recursive: true })
    const bin = path.join(folder, 'bin')
    mkdirSync(bin)
    const all = { 'sudo': 'exec "$@"', 'node': ':', 'npm': ':', 'cmake': ':', ...programs }
    for (const [name, body] of Object.entries(all)) writeFileSync(path.join(bin, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 })
    const env = { PATH: `${bin}:${process.env.PATH}`, SAID: path.join(folder, 'said') }
    writeFileSync(env.SAID, '')
    const { status, stdout, stderr } = spawnSync(path.join(folder, 'scripts', script), args, { encoding: 'utf8', env, timeout: 30_000 })
    return { status, stdout, stderr, said: readFileSync(env.SAID, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const nothingInstalled = { 'dpkg-query': 'exit 1', 'apt-get': 'echo "$@" >>"$SAID"' }
const allInstalled = { 'dpkg-query': 'echo "install ok installed"' }

test('a preset gets the packages that it needs, and no others', () => {
  const installed = preset => run('build', preset ? [preset] : [], nothingInstalled).said.match(/install .*/)[0].split(/\s+/)
  for (const preset of [undefined, 'release', 'dev']) {
    assert.ok(installed(preset).includes('g++'))
    assert.ok(!installed(preset).some(name => /clang/.test(name)), preset)
  }
  for (const preset of ['dev-clang', 'asan', 'tsan', 'fuzz', 'tidy']) {
    for (const name of ['g++', 'clang-16', 'libclang-rt-16-dev']) assert.ok(installed(preset).includes(name), `${preset} needs ${name}`)
    assert.equal(installed(preset).includes('clang-tidy-16'), preset === 'tidy')
  }
  assert.equal(run('build', ['tidy'], { ...allInstalled, 'apt-get': 'echo "$@" >>"$SAID"' }).said, '', 'nothing is asked for twice')
})

/** A ctest in which the named tests of each preset fail. */
const ctest = fails => `
[ "$1" = --preset ] || exit 64
echo "ctest $2" >>"$SAID"
case "$2" in
${Object.entries(fails).map(([preset, names]) => `  ${preset}) names="${names.join(' ')}" ;;`).join('\n')}
esac
echo "9 tests of $2"
[ -z "$names" ] && { echo "Total Test time (real) = 1.00 sec"; exit 0; }
mkdir -p "build/$2/Testing/Temporary"
number=0
for name in $names; do echo "$((number += 1)):$name" >>"build/$2/Testing/Temporary/LastTestsFailed.log"; done
echo "Errors while running CTest"
exit 8`
const lines = text => text.trimEnd().split('\n')

test('scripts/test ends with the summary of ctest', () => {
  const { status, stdout, stderr, said } = run('test', [], { ...allInstalled, ctest: ctest({ release: [], asan: [] }) })
  assert.equal(status, 0, stderr)
  assert.equal(said, 'ctest release\nctest asan\n')
  assert.deepEqual(lines(stdout).slice(-2), ['9 tests of asan', 'Total Test time (real) = 1.00 sec'])
  const quick = run('test', ['--no-sanitizers'], { ...allInstalled, ctest: ctest({ release: [] }) })
  assert.equal(quick.said, 'ctest release\n')
  assert.equal(lines(quick.stdout).at(-1), 'Total Test time (real) = 1.00 sec')
})

test('what failed in either run is named last, and the sanitizers run all the same', () => {
  const cases = [
    [{ release: ['store', 'wire'], asan: [] }, ['  release: store', '  release: wire']],
    [{ release: [], asan: ['net'] }, ['  asan: net']],
    [{ release: ['store'], asan: ['net'] }, ['  release: store', '  asan: net']],
  ]
  for (const [fails, names] of cases) {
    const { status, stdout, said } = run('test', [], { ...allInstalled, ctest: ctest(fails) })
    assert.equal(status, 1)
    assert.equal(said, 'ctest release\nctest asan\n')
    assert.deepEqual(lines(stdout).slice(-1 - names.length), ['Failed:', ...names])
  }
})

test('a sanitizer build that fails does not hide what failed before it', () => {
  const { status, stdout } = run('test', [], { ...allInstalled, ctest: ctest({ release: ['store'] }), cmake: '[ "$2" != asan ]' })
  assert.equal(status, 1)
  assert.deepEqual(lines(stdout).slice(-3), ['Failed:', '  release: store', '  asan: the build'])
})
