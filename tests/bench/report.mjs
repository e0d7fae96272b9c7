// Writes what was measured into docs/performance.md, between its marks, and the charts beside it.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import path from 'node:path'
import { versions } from './peers.mjs'
import { judge, median, stolenIn } from './rows.mjs'

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..')
const page = path.join(root, 'docs/performance.md')
const charts = path.join(root, 'docs/performance')

const short = value => {
  if (value === undefined || !Number.isFinite(value)) return ''
  if (value >= 10_000) return value.toLocaleString('en', { maximumFractionDigits: 0 })
  return String(Number(value.toPrecision(3)))
}
const escape = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

function table(judged) {
  const lines = ['| figure | must | aim | measured (spread) | ours | yardstick | |', '| --- | --- | --- | --- | --- | --- | --- |']
  for (const row of judged) {
    const sign = row.less ? '≤' : '≥'
    const unit = row.alone ? row.unit : ''
    const bound = value => (value === undefined ? '' : `${sign} ${value}${unit}`)
    if (!row.rounds) continue
    const spread = row.rounds > 1 ? ` (${short(row.low)}–${short(row.high)})` : ''
    const each = row.alone ? ['', ''] : [`${short(row.oursMedian)}${row.unit}`, `${short(row.yardstickMedian)}${row.unit}`]
    lines.push(`| ${row.figure} | ${bound(row.must)} | ${bound(row.aim)} | **${short(row.value)}${unit}**${spread} | ${each.join(' | ')} | ${row.verdict} |`)
  }
  return lines.join('\n')
}

/** A bar for each row: how far it is from its must, on a scale on which twice as good is as far as half as good. */
function bars(judged) {
  const shown = judged.filter(row => row.rounds && row.must !== undefined)
  const [left, width, height] = [560, 360, 26]
  const at = share => left + width / 2 + Math.max(-1, Math.min(1, Math.log10(share))) * (width / 2)
  const parts = shown.map((row, i) => {
    const goodness = row => (row.less ? row.must / Math.max(row.value, row.must / 10) : row.value / row.must)
    const y = 40 + i * height
    const [from, to] = [at(1), at(goodness(row))].sort((a, b) => a - b)
    const label = row.figure.length > 88 ? row.figure.slice(0, 86) + '…' : row.figure
    return `<text x="${left - 10}" y="${y + 13}" text-anchor="end">${escape(label.replaceAll('`', ''))}</text>` +
      `<rect x="${from}" y="${y}" width="${Math.max(2, to - from)}" height="18" fill="${row.verdict === 'missed' ? '#c2413b' : row.verdict === 'aim' ? '#2f855a' : '#7ab08a'}"/>`
  })
  const total = 60 + shown.length * height
  const line = share => `<line x1="${at(share)}" x2="${at(share)}" y1="30" y2="${total - 20}" stroke="#999" stroke-dasharray="${share === 1 ? 'none' : '2 4'}"/><text x="${at(share)}" y="22" text-anchor="middle">${share === 1 ? 'must' : share > 1 ? `${share}× better` : `${1 / share}× short`}</text>`
  return svg(left + width + 40, total, [0.1, 0.5, 1, 2, 10].map(line).join('') + parts.join(''))
}

const svg = (width, height, inside) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>${inside}</svg>\n`

/** Memory and what was delivered, over the time of the drain. */
function course(seen) {
  const [left, top, width, height] = [70, 30, 720, 240]
  const last = Math.max(...seen.samples.map(sample => sample.s))
  const most = Math.max(...seen.samples.map(sample => sample.delivered))
  const memory = Math.max(200, ...seen.samples.map(sample => sample.mb)) * 1.1
  const x = s => left + (s / last) * width
  const path_ = (of, top_) => seen.samples.map((sample, i) => `${i ? 'L' : 'M'}${x(sample.s).toFixed(1)} ${(top + height - (of(sample) / top_) * height).toFixed(1)}`).join('')
  const marks = [0, 0.25, 0.5, 0.75, 1].map(share =>
    `<text x="${left - 8}" y="${top + height - share * height + 4}" text-anchor="end">${(share * memory).toFixed(0)} MB</text>` +
    `<text x="${left + width + 8}" y="${top + height - share * height + 4}">${((share * most) / 1e6).toFixed(1)} M</text>` +
    `<text x="${x(share * last)}" y="${top + height + 18}" text-anchor="middle">${(share * last).toFixed(0)} s</text>`)
  return svg(left + width + 70, top + height + 40,
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="none" stroke="#ccc"/>${marks.join('')}` +
    `<path d="${path_(sample => sample.mb, memory)}" fill="none" stroke="#c2413b" stroke-width="2"/><path d="${path_(sample => sample.delivered, most)}" fill="none" stroke="#2f855a" stroke-width="2"/>` +
    `<text x="${left}" y="18" fill="#c2413b">resident memory (left)</text><text x="${left + width}" y="18" text-anchor="end" fill="#2f855a">delivered (right)</text>`)
}

const what = {
  deep: seen => `${short(seen.events)} events in eight lanes`,
  scale: seen => `${short(seen.lanes)} lanes with ${seen.each} events each, 1 % of them for a portal that is down`,
}

function courseText(suite, seen) {
  const mb = seen.samples.map(sample => sample.mb)
  return `${what[suite](seen)}; filled at ${short(seen.filledPerSecond)}/s, ${short(seen.diskMb)} MB on disk. ` +
    `The host was there after ${short(seen.startSeconds)} s and stood at ${short(seen.waitingMb)} MB; while it delivered ${short(seen.taken.delivered)} events at ${short(seen.taken.delivered_per_s)}/s it had ` +
    `${short(median(mb))} MB (${short(Math.min(...mb))}–${short(Math.max(...mb))}), afterwards ${short(seen.afterMb)} MB. Lost ${seen.taken.lost}, out of order ${seen.taken.reordered}, twice ${seen.taken.repeats}. ` +
    `On disk afterwards: ${short(seen.afterDiskMb)} MB.`
}

export async function report(samples) {
  mkdirSync(charts, { recursive: true })
  const judged = judge(samples)
  writeFileSync(path.join(charts, 'targets.svg'), bars(judged))
  const courses = Object.keys(what).map(suite => ({ suite, seen: samples.filter(sample => sample.suite === suite).at(-1)?.seen })).filter(one => one.seen)
  for (const { suite, seen } of courses) writeFileSync(path.join(charts, `${suite}.svg`), course(seen))
  const commit = execFileSync('git', ['-C', root, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const checks = samples.flatMap(sample => Object.values(sample.seen)).filter(one => one?.sink?.delivered)
  const stolen = stolenIn(samples)
  const percent = share => `${short(100 * share)} %`
  const sum = name => checks.reduce((all, one) => all + one.sink[name], 0)
  const text = [
    `Measured ${samples.at(-1).at.slice(0, 10)} on ${cpus().length} cores of ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB, at ${commit}; beside ${(await versions()).join(', ')}.`,
    '', table(judged), '', '![how far each figure is from its must](performance/targets.svg)', '',
    `The sink looked at ${short(sum('delivered'))} messages meanwhile: ${sum('reordered')} out of order, ${sum('repeats')} twice.`,
    ...(stolen.length ? ['', `Other guests of the machine had ${percent(median(stolen))} of the CPU time during a measurement at full speed or at a rate, at most ${percent(Math.max(...stolen))}.`] : []),
    ...courses.flatMap(({ suite, seen }) => ['', courseText(suite, seen), '', `![memory while they are delivered](performance/${suite}.svg)`]),
  ].join('\n')
  const [begin, end] = ['<!-- measured -->', '<!-- measured: end -->']
  const before = readFileSync(page, 'utf8')
  if (!before.includes(begin) || !before.includes(end)) throw new Error(`${page} has no ${begin}`)
  writeFileSync(page, before.slice(0, before.indexOf(begin) + begin.length) + '\n' + text + '\n' + before.slice(before.indexOf(end)))
  for (const row of judged.filter(row => row.rounds)) console.log(`${(row.verdict || '-').padEnd(7)} ${short(row.value)}${row.alone ? row.unit : ''}  ${row.figure}`)
}
