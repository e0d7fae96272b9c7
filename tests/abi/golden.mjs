// sdk/abi.golden: the border as text that people can read and a review can show.
import { readFileSync, writeFileSync } from 'node:fs'

const head = `# The border as connectors in the field know it, read from the headers' debug information.
# Never edited by hand: "scripts/abi check" compares, "scripts/abi update" writes what may be written.
`

export function toText({ version, headers }) {
  const lines = [`abi ${version.major}.${version.minor}`]
  for (const [header, part] of headers) {
    lines.push('', `header ${header}`)
    for (const [name, value] of part.constants) lines.push(`constant ${name} ${value}`)
    for (const [name, values] of part.enums) lines.push(`enum ${name}`, ...[...values].map(([one, value]) => `  ${one} ${value}`))
    for (const [name, declaration] of part.types) lines.push(`type ${name} ${declaration}`)
    for (const [name, { kind, size, members }] of part.structs)
      lines.push(`struct ${name} ${kind} ${size}`, ...members.map(member => `  ${member.offset} ${member.size} ${member.declaration}`))
    for (const [name, declaration] of part.functions) lines.push(`function ${name} ${declaration}`)
  }
  return `${head}${lines.join('\n')}\n`
}

export function fromText(text) {
  const border = { version: {}, headers: new Map() }
  let part, list
  text.split('\n').forEach((line, index) => {
    const bad = () => new Error(`line ${index + 1} of the golden file is not understood: ${line}`)
    if (!line || line.startsWith('#')) return
    const inner = /^ {2}(?:(TL_\w+) (-?\d+)|(\d+) (\d+) (.+))$/.exec(line)
    if (inner) {
      if (!list || (inner[1] === undefined) !== Array.isArray(list)) throw bad()
      if (inner[1]) list.set(inner[1], Number(inner[2]))
      else list.push({ offset: Number(inner[3]), size: Number(inner[4]), declaration: inner[5] })
      return
    }
    list = undefined
    const [, word, rest] = /^(\w+) (.+)$/.exec(line) ?? []
    const [, name, value] = /^(\S+|\(.*?\))(?: (.+))?$/.exec(rest ?? '') ?? []
    if (word === 'abi') {
      const [, major, minor] = /^(\d+)\.(\d+)$/.exec(rest) ?? []
      if (minor === undefined) throw bad()
      border.version = { major: Number(major), minor: Number(minor) }
    } else if (word === 'header') {
      part = { constants: new Map(), enums: new Map(), types: new Map(), structs: new Map(), functions: new Map() }
      border.headers.set(rest, part)
    } else if (!part || !name) throw bad()
    else if (word === 'constant' && value) part.constants.set(name, value)
    else if (word === 'type' && value) part.types.set(name, value)
    else if (word === 'function' && value) part.functions.set(name, value)
    else if (word === 'enum') part.enums.set(rest, (list = new Map()))
    else if (word === 'struct') {
      const [, kind, size] = /^(frozen|sized) (\d+)$/.exec(value ?? '') ?? []
      if (!kind) throw bad()
      part.structs.set(name, { kind, size: Number(size), members: (list = []) })
    } else throw bad()
  })
  if (border.version.major === undefined || !border.headers.size) throw new Error('the golden file names no version or no header')
  return border
}

export const readGolden = file => fromText(readFileSync(file, 'utf8'))
export const writeGolden = (file, border) => writeFileSync(file, toText(border))
