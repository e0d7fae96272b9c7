// scripts/bench runs this: node run.mjs [--rounds N] [--seconds N] [suite...], or: node run.mjs report
// What was seen is kept in build/bench/samples.jsonl, so that a report can be of several runs; --new forgets it first.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { scratch } from './machine.mjs'
import { report } from './report.mjs'
import { judge, stolenIn } from './rows.mjs'
import * as suites from './suites.mjs'

const all = ['full', 'paced', 'steady', 'trouble', 'isolation', 'backlog', 'idle', 'deep', 'scale']
const kept = path.join(scratch, 'samples.jsonl')
const options = { rounds: 3, seconds: 5, lanes: 100_000 }
const wanted = []
for (let i = 2; i < process.argv.length; i++) {
  const word = process.argv[i]
  const value = Number(process.argv[i + 1])
  if (word === '--new') rmSync(kept, { force: true })
  else if (['--rounds', '--seconds', '--lanes'].includes(word) && value > 0) options[word.slice(2)] = value, i++
  else if (all.includes(word) || word === 'report') wanted.push(word)
  else {
    console.error(`${word}? usage: scripts/bench [--new] [--rounds 3] [--seconds 5] [--lanes 100000] [${all.join('|')}]... | report`)
    process.exit(2)
  }
}
const chosen = wanted.length ? wanted : all
mkdirSync(scratch, { recursive: true })
for (let round = 0; round < options.rounds; round++) {
  for (const suite of chosen.filter(name => name !== 'report')) {
    if (['deep', 'scale'].includes(suite) && round > 0) continue
    const began = Date.now()
    const seen = await suites[suite]({ ...options, round })
    appendFileSync(kept, JSON.stringify({ suite, round, at: new Date().toISOString(), seen }) + '\n')
    console.log(`${suite}, round ${round + 1}: ${((Date.now() - began) / 1000).toFixed(0)} s`)
    const stolen = stolenIn([{ seen }])
    if (stolen.length) console.log(`  others had at most ${(100 * Math.max(...stolen)).toFixed(1)} % of the CPU time during one measurement`)
    for (const row of judge([{ suite, seen }]).filter(row => row.rounds))
      console.log(`  ${row.figure}: ${row.value.toPrecision(3)}${row.alone ? row.unit : ''} (must ${row.must ?? '-'}, aim ${row.aim ?? '-'})${row.alone ? '' : ` = ${row.oursMedian.toPrecision(4)} / ${row.yardstickMedian.toPrecision(4)}`}`)
  }
}
if (!existsSync(kept)) throw new Error('nothing was measured yet')
const samples = readFileSync(kept, 'utf8').trim().split('\n').map(line => JSON.parse(line))
await report(samples)
