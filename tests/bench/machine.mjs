// Processes and what they cost: starting and ending them, their time and memory, and how quiet the machine is meanwhile.
import { execFile, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..')
export const build = path.join(root, 'build/release')
export const scratch = path.join(root, 'build/bench')
export const program = name => path.join(build, 'bin', name)
const ticksPerSecond = 100

/** An empty folder for one program of a run. */
export function fresh(name) {
  const folder = path.join(scratch, 'run', name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}

export const sleep = seconds => new Promise(done => setTimeout(done, seconds * 1000))

/** Runs a program to its end; its last line is JSON. */
export async function call(file, ...args) {
  const { stdout } = await promisify(execFile)(file, args.map(String), { maxBuffer: 1 << 26 })
  return JSON.parse(stdout.trim().split('\n').at(-1))
}

/** `load({mode: 'bench', url, sink, seconds: 5})` is trunkline-bench-load bench --url ... */
export function load({ mode, ...options }) {
  const args = Object.entries(options).flatMap(([name, value]) => [value].flat().flatMap(one => [`--${name.replaceAll('_', '-')}`, one]))
  return call(program('trunkline-bench-load'), mode, ...args)
}

const connects = port =>
  new Promise(done => {
    const socket = net.connect({ host: '127.0.0.1', port, timeout: 500 })
    const end = good => {
      socket.destroy()
      done(good)
    }
    socket.on('connect', () => end(true)).on('error', () => end(false)).on('timeout', () => end(false))
  })

const stat = pid => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function descendants(pid) {
  const found = [pid]
  for (let i = 0; i < found.length; i++) {
    try {
      for (const task of readdirSync(`/proc/${found[i]}/task`))
        found.push(...readFileSync(`/proc/${found[i]}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number))
    } catch {} // it has just ended
  }
  return found
}

const running = new Set()
// Whatever ends a measurement, nothing of it may go on and be taken for part of the next one.
process.on('exit', () => {
  for (const server of running) for (const pid of descendants(server.process.pid)) kill(pid, 'SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

function kill(pid, signal) {
  try {
    process.kill(pid, signal)
  } catch {} // it has ended
}

/** A program that runs beside the measurement, with all its children. */
export class Server {
  static async start(name, file, args, { port, ready, env = {}, cwd, wait = 60, quietly = false } = {}) {
    if (port && (await connects(port))) throw new Error(`somebody listens on port ${port} already`)
    const server = new Server()
    mkdirSync(scratch, { recursive: true })
    server.name = name
    server.log = path.join(scratch, `${name}.log`)
    const log = openSync(server.log, 'w')
    server.process = spawn(file, args.map(String), { stdio: ['ignore', log, log], env: { ...process.env, ...env }, cwd, detached: true })
    closeSync(log)
    running.add(server)
    server.process.on('exit', (code, signal) => (server.how = { code, signal }))
    server.process.on('error', error => (server.how = { error: error.message }))
    for (const end = Date.now() + wait * 1000; ; ) {
      const text = readFileSync(server.log, 'utf8')
      if (server.how) throw new Error(`${name} ended: ${JSON.stringify(server.how)} ${text.slice(-800)}`)
      if (quietly || (ready ? text.split('\n').includes(ready) : await connects(port))) return server
      if (Date.now() > end) {
        await server.stop()
        throw new Error(`${name} is not ready after ${wait} s: ${text.slice(-800)}`)
      }
      await sleep(0.01)
    }
  }

  cpuSeconds() {
    let ticks = 0
    for (const pid of descendants(this.process.pid)) {
      try {
        const fields = stat(pid)
        ticks += Number(fields[11]) + Number(fields[12])
      } catch {}
    }
    return ticks / ticksPerSecond
  }

  /** Resident, what is shared counted once. */
  memoryMb() {
    let kb = 0
    for (const pid of descendants(this.process.pid)) {
      try {
        kb += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1])
      } catch {}
    }
    return kb / 1024
  }

  async stop(signal = 'SIGTERM') {
    const pids = descendants(this.process.pid)
    if (!this.how) process.kill(this.process.pid, signal)
    for (const end = Date.now() + 30_000; !this.how && Date.now() < end; ) await sleep(0.02)
    for (const pid of pids) kill(pid, 'SIGKILL')
    running.delete(this)
    for (const helper of this.helpers ?? []) await helper.stop()
  }
}

/** Seconds of CPU since the machine was started: in use, and those of them that its owner gave to other guests. */
function cpuTime() {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).slice(1, 9).map(ticks => Number(ticks) / ticksPerSecond)
  const all = fields.reduce((a, b) => a + b)
  return { at: Date.now(), busy: all - fields[3] - fields[4], stolen: fields[7] }
}

/** Waits, at most `limit` seconds, until the machine has next to nothing else to do. */
export async function quiet(limit = 20) {
  for (const end = Date.now() + limit * 1000; Date.now() < end; ) {
    const before = cpuTime()
    await sleep(0.4)
    const after = cpuTime()
    if ((after.busy - before.busy) / ((after.at - before.at) / 1000) < 0.25) return
  }
}

const stolenMax = 0.005 // with a tenth of it a message costs a third more
const triesMax = 4

/**
 * What `measure(attempt)` sees while the machine is ours. On a guest it is not always: what is disturbed is measured again, and of what
 * was never undisturbed the least counts. `stolen` is the share of the CPU time in use that others had. Only for what leaves everything
 * as it was: what has not arrived at the sink would be counted with the next attempt, so then there is none.
 */
export async function undisturbed(measure) {
  let best
  for (let attempt = 0, whole = true; attempt < triesMax && whole && !(best?.stolen <= stolenMax); attempt++) {
    await quiet()
    const before = cpuTime()
    const seen = await measure(attempt)
    const after = cpuTime()
    const stolen = (after.stolen - before.stolen) / (after.busy - before.busy)
    whole = !seen.sink?.delivered || seen.sink.delivered === seen.accepted // it cannot count what is sealed
    if (!best || stolen < best.stolen) best = { ...seen, stolen }
  }
  return best
}

export function folderMb(folder) {
  let bytes = 0
  for (const name of readdirSync(folder, { recursive: true })) {
    try {
      bytes += statSync(path.join(folder, name)).size
    } catch {} // compacted away meanwhile
  }
  return bytes / 1e6
}
