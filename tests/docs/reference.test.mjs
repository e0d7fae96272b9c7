// The reference for authors names everything that is in the border and in the manifest, and nothing that is not.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const text = file => readFileSync(path.join(root, file), 'utf8')
const header = text('sdk/include/trunkline/abi.h').replace(/\/\*[\s\S]*?\*\//g, '')
const page = name => text(`docs/connectors/reference/${name}.md`)
const sorted = names => [...new Set(names)].sort()

const enumerators = name => [...new RegExp(`typedef enum ${name} \\{([^}]*)\\}`).exec(header)[1].matchAll(/\bTL_\w+/g)].map(match => match[0])
const body = name => new RegExp(`typedef struct ${name} \\{([\\s\\S]*?)\\} ${name};`).exec(header)[1]
const functions = name => [...body(name).matchAll(/\(\*(\w+)\)/g)].map(match => match[1])
const members = name =>
  body(name).replace(/\([^()]*\)(?=\s*(TL_NOEXCEPT)?;)/g, '').replace(/TL_NOEXCEPT/g, '').split(';').flatMap(line => {
    const pointer = /\(\*(\w+)\)/.exec(line)
    return pointer ? [pointer[1]] : line.split(',').map(part => /(\w+)\s*$/.exec(part)?.[1]).filter(Boolean)
  })

/** What stands in backticks in the first column of a page's tables. */
const firstColumn = markdown => [...markdown.matchAll(/^\| ([^|]*)\|/gm)].flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)].map(match => match[1]))
const mentioned = markdown => sorted([...markdown.matchAll(/`(TL_\w+)`/g)].map(match => match[1]))
const section = (markdown, heading) => markdown.slice(markdown.indexOf(`## ${heading}`)).split(/\n## /)[0]

test('every input, flag and status is explained', () => {
  const inputs = page('inputs')
  const first = firstColumn(inputs)
  assert.deepEqual(first.filter(name => name.startsWith('TL_IN_')), enumerators('tl_input_kind'), 'in the order of the header')
  assert.deepEqual(first.filter(name => name.startsWith('TL_INPUT_')), enumerators('tl_input_flag'))
  assert.deepEqual(first.filter(name => /^TL_(OK|E_)/.test(name)), enumerators('tl_code'))
  assert.deepEqual(members('tl_input').filter(name => !['size', 'kind', 'flags', 'pair_count', 'reserved'].includes(name) && !/^\d/.test(name) && !inputs.includes(`\`${name}\``)), [])
})

test('every effect, its members and its ends are explained', () => {
  const effects = page('effects')
  const first = firstColumn(effects)
  assert.deepEqual(firstColumn(effects.split('\n## ')[0]).filter(name => /^[a-z]+$/.test(name)), functions('tl_effects'), 'in the order of the header')
  for (const name of ['tl_http_flag', 'tl_outcome_kind', 'tl_scope']) assert.deepEqual(enumerators(name).filter(one => !first.includes(one)), [], name)
  for (const name of ['tl_part_flag', 'tl_item_flag', 'tl_put_flag']) assert.deepEqual(enumerators(name).filter(one => !mentioned(effects).includes(one)), [], name)
  for (const name of ['tl_http', 'tl_item', 'tl_answer', 'tl_outcome', 'tl_part']) {
    const part = name === 'tl_part' ? section(effects, '`tl_http`') : section(effects, `\`${name}\``)
    assert.deepEqual(members(name).filter(member => !['size', 'reserved'].includes(member) && !part.includes(`\`${member}\``)), [], name)
  }
})

test('limits have the values of the header', () => {
  const listed = [...section(page('effects'), 'Limits').matchAll(/^\| `(TL_MAX_\w+)` \| (\d+) \|/gm)].map(([, name, value]) => [name, value])
  const defined = [...header.matchAll(/#define (TL_MAX_\w+) (\d+)u/g)].map(([, name, value]) => [name, value])
  assert.ok(defined.length > 8)
  assert.deepEqual(listed, defined)
})

test('the tables of both sides are explained', () => {
  const plugin = page('plugin')
  for (const name of ['tl_plugin', 'tl_setup', 'tl_host']) {
    const part = section(plugin, `\`${name}\``)
    assert.deepEqual(members(name).filter(member => !['size', 'reserved', 'ctx'].includes(member) && !part.includes(`\`${member}\``)), [], name)
  }
  for (const file of ['crypto', 'random', 'metrics', 'features']) {
    const id = /#define TL_EXT_\w+ "([^"]+)"/.exec(text(`sdk/include/trunkline/ext/${file}.h`))[1]
    assert.ok(plugin.includes(`| \`${id}\` | \`ext/${file}.h\` |`), id)
  }
})

test('no page names what the border does not have', () => {
  const known = new Set([...text('sdk/include/trunkline/abi.h').matchAll(/\bTL_\w+/g), ...text('sdk/include/trunkline/note.h').matchAll(/\bTL_\w+/g), ...text('sdk/include/trunkline/c.h').matchAll(/\bTL_\w+/g), ...text('sdk/include/trunkline/c_json.h').matchAll(/\bTL_\w+/g)].map(match => match[0]))
  for (const name of ['inputs', 'effects', 'plugin', 'border', 'build', 'manifest', 'item', 'command', 'connect'])
    assert.deepEqual(mentioned(page(name)).filter(one => !known.has(one)), [], name)
})

test('the manifest’s members are those that a host knows', () => {
  const source = text('host/plugins/remarks.cpp')
  const known = [...new RegExp('kMembers\\{([^}]*)\\}').exec(source)[1].matchAll(/"(\w+)"/g)].map(match => match[1])
  assert.ok(known.length > 8)
  assert.deepEqual(sorted(firstColumn(page('manifest')).filter(name => /^[a-z_]+$/.test(name))), sorted(known))
  const setting = [...new RegExp('kSetting\\{([^}]*)\\}').exec(source)[1].matchAll(/"(\w+)"/g)].map(match => match[1])
  assert.deepEqual(setting.filter(name => !page('manifest').includes(`${name}`)), [])
})

test('the kinds of events are those that a host reads', () => {
  const table = firstColumn(page('item')).filter(name => /^[a-z]+$/.test(name))
  for (const type of ['message', 'edited', 'deleted', 'reaction', 'callback', 'status', 'typing', 'presence', 'read', 'member', 'conversation', 'unsupported'])
    assert.ok(table.includes(type), type)
})
