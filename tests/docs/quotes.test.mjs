// Code in the documents for authors is quoted from files that are compiled or run. This keeps it so.
//   <!-- quote: FILE -->           the block's lines stand in FILE, as they are
//   <!-- quote: FILE#ANCHOR -->    the block is what stands in FILE between two lines that say [ANCHOR] in a comment
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const folder = 'docs/connectors'

/** Every page, with its place in the repository. */
export const pagesIn = where =>
  readdirSync(path.join(root, where), { withFileTypes: true }).flatMap(entry => {
    const full = path.join(where, entry.name)
    return entry.isDirectory() ? pagesIn(full) : full.endsWith('.md') ? [full] : []
  })

/** Fenced blocks: where they begin, what they hold, and the quote above each, if there is one. */
export function blocksOf(text) {
  const lines = text.split('\n')
  const found = []
  for (let i = 0; i < lines.length; i++) {
    if (!lines[i].startsWith('```')) continue
    const end = lines.indexOf('```', i + 1)
    if (end < 0) return [...found, { line: i + 1, fault: 'the block is not closed' }]
    const quote = /^<!-- quote: ([^ #]+)(?:#([a-z0-9_-]+))? -->$/.exec(lines[i - 1] ?? '')
    found.push({ line: i + 1, body: lines.slice(i + 1, end), file: quote?.[1], anchor: quote?.[2] })
    i = end
  }
  return found
}

/** The lines between the two that mark an anchor; undefined unless there are exactly two. */
export function anchored(source, anchor) {
  const marks = source.flatMap((line, at) => (/^\s*(\/\/|\/\*|#)/.test(line) && line.includes(`[${anchor}]`) ? [at] : []))
  return marks.length === 2 ? source.slice(marks[0] + 1, marks[1]) : undefined
}

const holds = (source, body) => source.some((_, at) => body.every((line, i) => source[at + i] === line))

/** What is wrong with a block, or undefined. `read` gives a file's text, or undefined. */
export function faultOf({ fault, body, file, anchor }, read) {
  if (fault) return fault
  if (!file) return `the block names no source: ${body[0]}`
  const text = read(file)
  if (text === undefined) return `${file} is not there`
  const source = text.split('\n')
  if (!anchor) return holds(source, body) ? undefined : `not in ${file}:\n${body.join('\n')}`
  const wanted = anchored(source, anchor)
  if (!wanted) return `${file} has no two lines with [${anchor}]`
  return wanted.join('\n') === body.join('\n') ? undefined : `${file}#${anchor} says\n${wanted.join('\n')}\nand not\n${body.join('\n')}`
}

const fromRepository = file => (existsSync(path.join(root, file)) ? readFileSync(path.join(root, file), 'utf8') : undefined)

test('every block of code for authors is quoted from a file', () => {
  let blocks = 0
  const faults = pagesIn(folder).flatMap(page =>
    blocksOf(fromRepository(page)).flatMap(block => {
      blocks++
      const fault = faultOf(block, fromRepository)
      return fault ? [`${page}:${block.line}: ${fault}`] : []
    }))
  assert.deepEqual(faults, [])
  assert.ok(blocks > 40, `only ${blocks} blocks were found`)
})

test('what authors are given leads nowhere outside of it', () => {
  const out = []
  for (const page of pagesIn(folder)) {
    const prose = fromRepository(page).replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
    for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:|^#/.test(target)) continue
      const full = path.join(path.dirname(page), target.split('#')[0])
      if (!full.startsWith(`${folder}/`) || !existsSync(path.join(root, full))) out.push(`${page}: ${target}`)
    }
  }
  assert.deepEqual(out, [], 'the folder is installed alone')
})

test('the check itself sees what it must', () => {
  const files = { 'a.c': 'one\n// [x]\ntwo\n  three\n// [x]\nfour\n' }
  const read = file => files[file]
  const fault = text => blocksOf(text).map(block => faultOf(block, read))
  assert.deepEqual(fault('<!-- quote: a.c -->\n```c\ntwo\n  three\n```\n'), [undefined])
  assert.deepEqual(fault('<!-- quote: a.c#x -->\n```c\ntwo\n  three\n```\n'), [undefined])
  assert.match(fault('<!-- quote: a.c -->\n```c\nthree\n```\n')[0], /not in a.c/, 'blanks count')
  assert.match(fault('<!-- quote: a.c#x -->\n```c\ntwo\n```\n')[0], /says/, 'an anchor is quoted whole')
  assert.match(fault('<!-- quote: a.c#y -->\n```c\ntwo\n```\n')[0], /no two lines/)
  assert.match(fault('<!-- quote: b.c -->\n```c\ntwo\n```\n')[0], /is not there/)
  assert.match(fault('text\n```c\ntwo\n```\n')[0], /names no source/)
  assert.match(fault('<!-- quote: a.c -->\n```c\ntwo\n')[0], /not closed/)
})
