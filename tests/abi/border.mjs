// What a compiler makes of the SDK's C headers: layouts, signatures and names from its debug information, constants from
// its preprocessor. Needs a C compiler and binutils' readelf, which every build needs anyway.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const core = 'trunkline/abi.h'
const entry = 'tl_connector_entry'
const composed = ['structure_type', 'union_type', 'enumeration_type']

/** Headers that cross the border, the core first; drafts may still change. */
function headersOf(include) {
  const ext = path.join(include, 'trunkline/ext')
  const optional = existsSync(ext) ? readdirSync(ext).filter(name => name.endsWith('.h')).sort().map(name => `trunkline/ext/${name}`) : []
  return [core, 'trunkline/note.h', ...optional].filter(name => existsSync(path.join(include, name)))
}

/** Compiles all headers at once: the text of the debug information, and that of the preprocessor with its directives. */
function compile(include, headers, cc) {
  const folder = mkdtempSync(path.join(tmpdir(), 'trunkline-border-'))
  try {
    const source = path.join(folder, 'border.c')
    const object = path.join(folder, 'border.o')
    writeFileSync(source, `${headers.map(name => `#include <${name}>\n`).join('')}__typeof__(&${entry}) anchor;\n`)
    const run = (program, ...words) => execFileSync(program, words, { encoding: 'utf8', stdio: 'pipe', maxBuffer: 1 << 26 })
    const flags = ['-std=c11', `-I${include}`, source]
    try {
      run(cc, ...flags, '-c', '-gdwarf-4', '-fno-eliminate-unused-debug-types', '-o', object)
    } catch (error) {
      throw new Error(`the headers in ${include} do not compile: ${error.stderr || error.message}`)
    }
    return { preprocessed: run(cc, ...flags, '-E', '-dD'), debug: run('readelf', '--debug-dump=rawline,info', object) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Which of the headers a file of the debug information is, by its number there. */
function parseFiles(text, headers) {
  const folders = new Map()
  const files = new Map()
  for (const line of text.split('\n')) {
    const [, number, name] = /^ {2}(\d+)\t(\S.*)$/.exec(line) ?? []
    const [, file, folder, base] = /^ {2}(\d+)\t(\d+)\t\d+\t\d+\t(.*)$/.exec(line) ?? []
    if (file) files.set(file, headers.find(header => `${folders.get(folder)}/${base}`.endsWith(`/${header}`)))
    else if (number) folders.set(number, name)
  }
  if (new Set(files.values()).size <= headers.length) throw new Error('the debug information does not name every header')
  return files
}

/** Constants by header. */
function parseConstants(text, headers) {
  const found = []
  let header
  for (const line of text.split('\n')) {
    const [, file] = /^# \d+ "(.*)"/.exec(line) ?? []
    if (file) header = headers.find(one => file.endsWith(`/${one}`))
    const [, name, value] = /^#define (TL_[A-Z0-9_]+) +(\S.*?)\s*$/.exec(line) ?? []
    if (header && name && name !== 'TL_STATIC_ASSERT') found.push({ header, name, value })
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The tree that readelf prints, as entries {tag, attributes, children}, found by their offsets. */
function parseDebug(text) {
  const all = new Map()
  const open = []
  let present
  for (const line of text.split('\n')) {
    const head = /^ *<(\d+)><([0-9a-f]+)>: Abbrev Number: \d+ \(DW_TAG_(\w+)\)/.exec(line)
    if (head) {
      const depth = Number(head[1])
      present = { tag: head[3], offset: head[2], attributes: {}, children: [] }
      open.length = depth
      open[depth - 1]?.children.push(present)
      open[depth] = present
      all.set(head[2], present)
      continue
    }
    const attribute = /^ *<[0-9a-f]+> +DW_AT_(\w+) *: *(.*?)\s*$/.exec(line)
    if (attribute && present) present.attributes[attribute[1]] = attribute[2].replace(/^\((?:indirect|indexed)[^)]*\): */, '').replace(/\t\(.*\)$/, '')
  }
  if (!all.size) throw new Error('the compiler wrote no debug information that readelf shows')
  return all
}

class Types {
  constructor(all) {
    this.all = all
  }
  target(die) {
    const to = /^<0x([0-9a-f]+)>$/.exec(die.attributes.type ?? '')
    return to ? this.all.get(to[1]) : undefined
  }
  /** `inner` declared with this type, as C writes it. */
  declare(die, inner) {
    const spaced = name => (inner ? `${name} ${inner}` : name)
    if (!die) return spaced('void')
    const { tag, attributes } = die
    switch (tag) {
      case 'base_type':
      case 'typedef':
        return spaced(attributes.name)
      case 'structure_type':
      case 'union_type':
        return spaced(`${tag.split('_')[0].replace('structure', 'struct')} ${attributes.name}`)
      case 'enumeration_type':
        return spaced(`enum ${attributes.name}`)
      case 'const_type':
        return this.target(die)?.tag === 'pointer_type' ? this.declare(this.target(this.target(die)), `* const ${inner}`.trim()) : `const ${this.declare(this.target(die), inner)}`
      case 'pointer_type': {
        const to = this.target(die)
        return this.declare(to, to && ['subroutine_type', 'array_type'].includes(to.tag) ? `(*${inner})` : `*${inner}`)
      }
      case 'array_type':
        return this.declare(this.target(die), inner + die.children.map(range => `[${this.count(range)}]`).join(''))
      case 'subroutine_type':
        return this.declare(this.target(die), `${inner}(${die.children.map(one => (one.tag === 'unspecified_parameters' ? '...' : this.declare(this.target(one), ''))).join(', ') || 'void'})`)
      default:
        throw new Error(`debug information of the kind ${tag} is not understood`)
    }
  }
  count(range) {
    const { upper_bound: last, count } = range.attributes
    if (last === undefined && count === undefined) throw new Error('an array without a size crosses the border')
    return count === undefined ? Number(last) + 1 : Number(count)
  }
  size(die) {
    if (die.attributes.byte_size !== undefined) return Number(die.attributes.byte_size)
    if (die.tag === 'pointer_type') return 8 // the border is defined for 64-bit machines; not every compiler repeats it
    if (die.tag === 'array_type') return die.children.reduce((size, range) => size * this.count(range), this.size(this.target(die)))
    if (die.tag === 'typedef' || die.tag === 'const_type') return this.size(this.target(die))
    throw new Error(`${die.tag} has no size`)
  }
}

function readStruct(types, die, frozen) {
  const members = die.children.map(member => {
    const { name, data_member_location: offset, bit_size: bits } = member.attributes
    if (member.tag !== 'member' || !name || bits) throw new Error(`struct ${die.attributes.name}: only plain members with names cross the border`)
    const type = types.target(member)
    return { offset: Number(offset), size: types.size(type), declaration: types.declare(type, name) }
  })
  const sized = !frozen && members[0]?.declaration === 'uint32_t size'
  return { kind: sized ? 'sized' : 'frozen', size: Number(die.attributes.byte_size), members }
}

/** Types without a name of their own would be missed by their name, so their names are those of their typedefs. */
function tagless(types, die) {
  const to = types.target(die)
  return to && composed.includes(to.tag) && !to.attributes.name ? to : undefined
}

/** {version, headers: Map of header to {constants, enums, types, structs, functions}}. */
export function readBorder(include, { cc = process.env.CC || 'cc' } = {}) {
  const headers = headersOf(include)
  if (headers[0] !== core) throw new Error(`${path.join(include, core)} is missing`)
  const { preprocessed, debug } = compile(include, headers, cc)
  const text = headers.map(name => readFileSync(path.join(include, name), 'utf8')).join('')
  const frozen = new Set([...text.matchAll(/STATIC_ASSERT\(sizeof\((\w+)\) == \d+, "\1 is frozen"\)/g)].map(match => match[1]))
  const empty = () => ({ constants: new Map(), enums: new Map(), types: new Map(), structs: new Map(), functions: new Map() })
  const border = { version: {}, headers: new Map(headers.map(name => [name, empty()])) }

  for (const { header, name, value } of parseConstants(preprocessed, headers)) {
    if (name === 'TL_ABI_MAJOR' || name === 'TL_ABI_MINOR') border.version[name.slice(7).toLowerCase()] = parseInt(value, 10)
    else border.headers.get(header).constants.set(name, value)
  }
  const files = parseFiles(debug, headers)
  const all = parseDebug(debug)
  const types = new Types(all)
  // Compilers write their debug information in different orders; the golden file has that of the headers.
  const inOrder = [...all.values()].sort((a, b) => Number(a.attributes.decl_line ?? 0) - Number(b.attributes.decl_line ?? 0))
  for (const die of inOrder) {
    const { name } = die.attributes
    if (die.tag === 'variable' && name === 'anchor') border.headers.get(core).functions.set(entry, types.declare(types.target(types.target(die)), ''))
    const part = border.headers.get(files.get(die.attributes.decl_file))
    if (!part) continue
    if (die.tag === 'typedef') {
      const unnamed = tagless(types, die)
      if (unnamed && unnamed.tag !== 'enumeration_type') throw new Error(`${name} is a struct without a tag of its own; write typedef struct ${name} {...} ${name}`)
      if (!unnamed && !composed.includes(types.target(die)?.tag)) part.types.set(name, types.declare(types.target(die), ''))
    } else if (die.tag === 'union_type') {
      throw new Error(`union ${name ?? 'without a name'}: unions do not cross the border`)
    } else if (die.tag === 'structure_type' && name && die.attributes.declaration === undefined) {
      part.structs.set(name, readStruct(types, die, frozen.has(name)))
    } else if (die.tag === 'enumeration_type') {
      const values = new Map(die.children.map(one => [one.attributes.name, Number(one.attributes.const_value)]))
      part.enums.set(name ?? `(of ${values.keys().next().value})`, values)
    }
  }
  return border
}
