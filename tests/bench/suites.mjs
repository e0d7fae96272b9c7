// The measurements. Each takes one round and gives back what it saw; what is compared was measured in turn.
import { Host, fill, firstTaken, ports, sink } from './host.mjs'
import { Server, folderMb, load, quiet, sleep, undisturbed } from './machine.mjs'
import { bare, nginx, pipeline, rabbit, syncs } from './peers.mjs'

const deadUrl = i => `http://127.0.0.1:${ports.dead}/p${i}`

/** Each load has other update numbers, so that whoever knows one again does not take it for a repeat. */
const first = attempt => 200_000_000 + attempt * 50_000_000

/** Full speed: as many as are answered, 64 connections unless it says otherwise. */
export async function full({ seconds }) {
  const seen = {}
  const warm = { seconds: 1 }
  await nginx(async run => {
    seen.nginx64 = await undisturbed(() => run({ seconds }))
    seen.nginx256 = await undisturbed(() => run({ seconds, connections: 256 }))
  })
  await bare(true, async run => {
    await run(warm)
    seen.relay = await undisturbed(attempt => run({ seconds, first: first(attempt) }))
  })
  // Sealed for the rate; in clear text for the checks, which take their time from the cores that the host has, too.
  for (const encrypt of [false, true]) {
    const host = await Host.start({ encrypt })
    const run = options => (encrypt ? host.loadSealed(options) : host.load(options))
    await host.open()
    await host.load({ seconds, idle: 1 }) // until the journal has all its files; the relay begins with its own
    seen[encrypt ? 'sealed64' : 'host64'] = await undisturbed(() => run({ seconds, idle: 1 }))
    seen[encrypt ? 'sealed256' : 'host256'] = await undisturbed(() => run({ seconds, connections: 256, idle: 1 }))
    await host.stop()
  }
  await pipeline(async run => {
    await run(warm)
    seen.node = await undisturbed(attempt => run({ seconds, first: first(attempt) }))
  })
  await rabbit(async run => {
    seen.quorum = await undisturbed(attempt => run('both', 'quorum', `full${attempt}`, seconds, 0))
  })
  return seen
}

/** At rates that everybody can hold: how long it takes. */
export async function paced({ seconds }) {
  const seen = {}
  seen.sync = await undisturbed(syncs)
  await bare(false, async run => {
    await run({ seconds: 1, rate: 2000 })
    seen.durable2000 = await undisturbed(() => run({ seconds, rate: 2000 }))
  })
  await bare(true, async run => {
    await run({ seconds: 1, rate: 500 })
    seen.relay500 = await undisturbed(attempt => run({ seconds, rate: 500, first: first(attempt) }))
  })
  const host = await Host.start()
  await host.open()
  await host.load({ seconds: 1, rate: 2000 })
  seen.host2000 = await undisturbed(() => host.load({ seconds, rate: 2000 }))
  await host.stop()
  // A lane gathers for 20 ms unless it is told to send at once.
  const swift = await Host.start({ lanes: '[{name: messages, batch: {linger: 0ms}}]' })
  await swift.open()
  seen.host500 = await undisturbed(() => swift.load({ seconds, rate: 500 }))
  await swift.stop()
  await pipeline(async run => {
    await run({ seconds: 1, rate: 500 })
    seen.node500 = await undisturbed(attempt => run({ seconds, rate: 500, first: first(attempt) }))
  })
  return seen
}

/** Whether what is taken in for a while also gets out meanwhile. */
export async function steady() {
  const host = await Host.start()
  await host.open()
  await quiet()
  const twenty = await host.load({ seconds: 20 })
  await host.stop()
  return { twenty }
}

/** What portals in trouble do to the others. */
export async function trouble({ seconds, round }) {
  const seen = {}
  for (const dead of round % 2 ? [true, false] : [false, true]) {
    const host = await Host.start({ url: i => (dead && i === 7 ? deadUrl(i) : `http://${sink}/p${i}`) })
    await host.load({ seconds: 2, rate: 500, idle: 1 })
    await quiet()
    seen[dead ? 'oneDead' : 'noneDead'] = await host.load({ seconds, idle: 1 })
    await host.stop()
  }
  // Each at an address of its own: of one server that hangs nothing else can be had either.
  const own = i => `http://127.1.${Math.floor(i / 256)}.${i % 256}:${ports.sink}/p${i}`
  for (const hanging of [0, 500]) {
    const { folder } = await fill({ lanes: 1000, each: 0, url: `http://127.1.{i}:${ports.sink}` }) // all of them opened
    const host = await Host.start({ folder, portals: 1000, url: own })
    await quiet()
    seen[hanging ? 'halfHangs' : 'noneHangs'] = await host.load({ seconds: 2 * seconds, portals: 1000, conversations: 2000, hang_below: hanging, idle: 1, sink: `0.0.0.0:${ports.sink}` })
    await host.stop()
  }
  return seen
}

const bad = 5 // portals of peers/zoo.mjs

/** One portal that hangs, one that drips, one that answers a page, one 413, one 429; eight that are well. Both ways with one load. */
export async function isolation({ seconds, round }) {
  const seen = {}
  for (const ill of round % 2 ? [true, false] : [false, true]) {
    const zoo = await Server.start('zoo', process.execPath, [new URL('peers/zoo.mjs', import.meta.url).pathname], { ready: 'ready', env: { PORT: String(ports.zoo) } })
    const host = await Host.start({ portals: 13, url: i => (i < bad ? `http://127.0.0.1:${ports.zoo}/p${i}` : `http://${sink}/p${i}`) })
    await host.open()
    if (ill) await fetch(`http://127.0.0.1:${ports.zoo}/ill`, { method: 'PUT' })
    await quiet()
    const figures = await host.load({ seconds: 2 * seconds, rate: 1300, conversations: 260, watch_from: bad, idle: 1 })
    seen[ill ? 'beside' : 'alone'] = figures
    await host.stop()
    await zoo.stop()
  }
  return seen
}

const million = 1_000_000

/** A million events wait for eight portals that are down, and then are well again. */
export async function backlog({ seconds }) {
  const seen = {}
  const empty = await Host.start({ url: deadUrl })
  await empty.load({ seconds: 1, rate: 200, drain: 0 })
  seen.emptyMb = empty.server.memoryMb()
  await quiet()
  seen.acceptedEmpty = await empty.load({ seconds, drain: 0 })
  await empty.stop()

  const filled = await fill({ lanes: 8, each: million / 8, url: `http://${sink}` })
  seen.filledPerSecond = filled.per_s
  const host = await Host.start({ folder: filled.folder, url: deadUrl })
  seen.startSeconds = await firstTaken(host.began)
  await sleep(3)
  seen.waitingMb = host.server.memoryMb()
  seen.diskMb = folderMb(`${filled.folder}/store`)
  await quiet()
  seen.acceptedWaiting = await host.load({ seconds, drain: 0 })
  await host.stop()

  const full = await fill({ lanes: 8, each: million / 8, url: `http://${sink}` })
  await quiet()
  const before = Date.now()
  const taking = load({ mode: 'sink', sink, count: million, seconds: 600, conversations: 8 })
  const draining = await Host.start({ folder: full.folder, accounts: 0 })
  seen.drain = await taking
  seen.drainSeconds = (Date.now() - before) / 1000
  seen.drainedMb = draining.server.memoryMb()
  await draining.stop()

  await rabbit(async run => {
    for (let waiting = 0; waiting < million; ) waiting += (await run('publish', 'classic', 'backlog', 30, million - waiting)).published
    await quiet()
    seen.classic = await run('consume', 'classic', 'backlog', 1, 0)
  })
  return seen
}

/** Ten million wait, and then all of them go. Takes a quarter of an hour; one round of it is enough. */
export async function deep({ events = 10 * million }) {
  const seen = { events }
  const filled = await fill({ lanes: 8, each: events / 8, url: `http://${sink}` })
  seen.filledPerSecond = filled.per_s
  const host = await Host.start({ folder: filled.folder, url: deadUrl })
  seen.startSeconds = await firstTaken(host.began)
  await sleep(5)
  seen.waitingMb = host.server.memoryMb()
  seen.diskMb = folderMb(`${filled.folder}/store`)
  await host.stop()
  const draining = await Host.start({ folder: filled.folder, accounts: 0 })
  Object.assign(seen, await drained(draining, { count: events, conversations: 8 }))
  return seen
}

/** What a host is like while it gives all that waits to a sink that begins now; it is stopped afterwards. */
async function drained(host, { count, conversations }) {
  const seen = { samples: [] }
  const disk = () => folderMb(`${host.folder}/store`)
  const taking = load({ mode: 'sink', sink, count, seconds: 1800, conversations, idle: 600 })
  let done = false
  taking.finally(() => (done = true)).catch(() => {})
  for (const began = Date.now(); !done; await sleep(2))
    seen.samples.push({ s: (Date.now() - began) / 1000, mb: host.server.memoryMb(), delivered: (await host.metrics()).trunkline_lanes_delivered_total, diskMb: disk() })
  seen.taken = await taking
  await sleep(5)
  seen.afterMb = host.server.memoryMb()
  seen.afterDiskMb = disk()
  await host.stop()
  return seen
}

/** Ten thousand portals with one lane each, and nothing to do. */
export async function idle() {
  const seen = {}
  for (const portals of [10, 10_010]) {
    const { folder } = await fill({ lanes: portals, each: 0, url: `http://${sink}` })
    const host = await Host.start({ folder, portals, accounts: 0, lanes: '[{name: messages}]' })
    await sleep(5)
    seen[portals === 10 ? 'fewMb' : 'manyMb'] = host.server.memoryMb()
    await quiet()
    const before = host.server.cpuSeconds()
    await sleep(10)
    seen[portals === 10 ? 'fewCpu' : 'manyCpu'] = (host.server.cpuSeconds() - before) / 10
    await host.stop()
  }
  return seen
}

/** Many lanes with 100 events each, 1 % of them for a portal that is down. Takes minutes; one round of it is enough. */
export async function scale({ lanes, each = 100 }) {
  const seen = { lanes, each }
  const isDead = i => i % 100 === 99
  const filled = await fill({ lanes, each, bytes: 600, url: `http://${sink}` })
  Object.assign(seen, { filledPerSecond: filled.per_s, diskMb: folderMb(`${filled.folder}/store`) })
  const wanted = (lanes - lanes / 100) * each
  const started = Date.now()
  const host = await Host.start({ folder: filled.folder, portals: lanes, accounts: 1, url: i => (isDead(i) ? deadUrl(i) : `http://${sink}/p${i}`), wait: 600 })
  seen.startSeconds = await firstTaken(started)
  // Nobody answers yet: everything waits.
  await sleep(5)
  seen.waitingMb = host.server.memoryMb()
  return Object.assign(seen, await drained(host, { count: wanted, conversations: lanes }))
}
