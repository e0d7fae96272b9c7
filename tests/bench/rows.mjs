// The figures that are promised, each a ratio of two things measured in one round. `must` gates a release, `aim` is what the machine
// has room for.
export const rows = [
  { suite: 'full', figure: 'durable webhooks accepted/s over nginx `return 200`, 64 connections', must: 0.3, aim: 0.45, ours: s => s.sealed64.accepted_per_s, yardstick: s => s.nginx64.accepted_per_s, unit: '/s' },
  { suite: 'full', figure: 'the same, in clear text, every message checked', ours: s => s.host64.accepted_per_s, yardstick: s => s.nginx64.accepted_per_s, unit: '/s' },
  { suite: 'full', figure: 'the same, 256 connections', must: 0.45, aim: 0.7, ours: s => s.sealed256.accepted_per_s, yardstick: s => s.nginx256.accepted_per_s, unit: '/s' },
  { suite: 'full', figure: 'the same, 256 connections, in clear text, every message checked', ours: s => s.host256.accepted_per_s, yardstick: s => s.nginx256.accepted_per_s, unit: '/s' },
  { suite: 'full', figure: 'delivered/s in order over the Node pipeline (fsync always, in order)', must: 6, aim: 8, ours: s => s.sealed64.delivered_per_s, yardstick: s => s.node.sink.delivered_per_s, unit: '/s' },
  { suite: 'full', figure: 'the same, in clear text, every message of both checked', ours: s => s.host64.sink.delivered_per_s, yardstick: s => s.node.sink.delivered_per_s, unit: '/s' },
  { suite: 'full', figure: 'delivered/s over RabbitMQ quorum publish+consume (no HTTP)', must: 0.9, aim: 1.2, ours: s => s.sealed64.delivered_per_s, yardstick: s => s.quorum.consumed_per_s, unit: '/s' },
  { suite: 'full', figure: 'the same, in clear text, every message of ours checked', ours: s => s.host64.sink.delivered_per_s, yardstick: s => s.quorum.consumed_per_s, unit: '/s' },
  { suite: 'full', figure: 'delivered/s over the bare relay, both in clear text and checked', must: 0.4, aim: 0.6, ours: s => s.host64.sink.delivered_per_s, yardstick: s => s.relay.sink.delivered_per_s, unit: '/s' },
  { suite: 'steady', figure: 'delivered / accepted at full speed for 20 s', must: 0.95, aim: 0.99, ours: s => s.twenty.delivered_during_load, yardstick: s => s.twenty.accepted, unit: '' },
  { suite: 'full', figure: 'CPU per message over the bare relay, both in clear text and checked', must: 2.2, aim: 1.6, less: true, ours: s => s.host64.cpu_us, yardstick: s => s.relay.cpu_us, unit: ' µs' },
  { suite: 'paced', figure: 'ack p50 at 2,000/s over one fdatasync (1 KB, preallocated)', must: 4, aim: 3, less: true, ours: s => s.host2000.ack_us.p50, yardstick: s => s.sync.us.p50, unit: ' µs' },
  { suite: 'paced', figure: "ack p99 at 2,000/s over the bare durable server's", must: 2, aim: 1.3, less: true, ours: s => s.host2000.ack_us.p99, yardstick: s => s.durable2000.ack_us.p99, unit: ' µs' },
  { suite: 'paced', figure: "end-to-end p99 at 500/s over the Node pipeline's (`linger: 0ms`)", must: 0.3, aim: 0.15, less: true, ours: s => s.host500.sink.e2e_us.p99, yardstick: s => s.node500.sink.e2e_us.p99, unit: ' µs' },
  { suite: 'backlog', figure: 'memory for each waiting event of 1 KB, 1 M of them', must: 64, aim: 16, less: true, alone: true, ours: s => Math.max(0, ((s.waitingMb - s.emptyMb) * 1048576) / 1e6), unit: ' B' },
  { suite: 'backlog', figure: 'total resident memory with 1 M waiting', must: 120, aim: 60, less: true, alone: true, ours: s => s.waitingMb, unit: ' MB' },
  { suite: 'deep', figure: 'total resident memory with 10 M waiting', must: 200, aim: 100, less: true, alone: true, ours: s => s.waitingMb, unit: ' MB' },
  { suite: 'backlog', figure: "drain of 1 M by HTTP batches over RabbitMQ classic's drain without HTTP", must: 1, aim: 2, ours: s => s.drain.delivered_per_s, yardstick: s => s.classic.consumed_per_s, unit: '/s' },
  { suite: 'backlog', figure: 'accepted/s while 1 M wait, over an empty queue', must: 0.8, aim: 0.95, ours: s => s.acceptedWaiting.accepted_per_s, yardstick: s => s.acceptedEmpty.accepted_per_s, unit: '/s' },
  { suite: 'idle', figure: 'memory of an idle lane with its portal', must: 6, aim: 0.5, less: true, alone: true, ours: s => ((s.manyMb - s.fewMb) * 1024) / 10_000, unit: ' KB' },
  { suite: 'idle', figure: 'CPU of 10,000 idle lanes', must: 1, aim: 0.2, less: true, alone: true, ours: s => s.manyCpu * 100, unit: ' % of a core' },
  { suite: 'trouble', figure: "others' delivered/s with one of 8 portals dead", must: 0.9, aim: 0.98, ours: s => s.oneDead.sink.delivered_per_s, yardstick: s => (s.noneDead.sink.delivered_per_s * 7) / 8, unit: '/s' },
  { suite: 'trouble', figure: "others' delivered/s with half of 1,000 hanging", must: 0.9, aim: 0.98, ours: s => s.halfHangs.sink.delivered_per_s, yardstick: s => s.noneHangs.sink.delivered_per_s / 2, unit: '/s' },
  { suite: 'backlog', figure: 'start to first 200 with 1 M waiting', must: 0.7, aim: 0.2, less: true, alone: true, ours: s => s.startSeconds, unit: ' s' },
  { suite: 'isolation', figure: 'end-to-end p99 of eight healthy portals beside one that hangs, one that drips, one of garbage, one 413 and one 429, over the same load with all well', must: 2, less: true, ours: s => s.beside.sink.e2e_us.p99, yardstick: s => s.alone.sink.e2e_us.p99, unit: ' µs' },
]

export const median = values => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** What share of the CPU time others had, of every measurement that looked. */
export const stolenIn = samples => samples.flatMap(({ seen }) => Object.values(seen).map(one => one?.stolen).filter(share => share !== undefined))

/** Row by row: the medians, the spread of the ratio, and whether it is good enough. */
export function judge(samples) {
  return rows.map(row => {
    const rounds = samples.filter(sample => sample.suite === row.suite).map(sample => sample.seen)
    if (rounds.length === 0) return { ...row, rounds: 0 }
    const ours = rounds.map(row.ours)
    const yardsticks = row.alone ? undefined : rounds.map(row.yardstick)
    const values = row.alone ? ours : ours.map((value, i) => value / yardsticks[i])
    const value = median(values)
    const reaches = bound => (row.less ? value <= bound : value >= bound)
    return {
      ...row, rounds: rounds.length, value, low: Math.min(...values), high: Math.max(...values), oursMedian: median(ours), yardstickMedian: yardsticks && median(yardsticks),
      verdict: row.must === undefined ? '' : row.aim !== undefined && reaches(row.aim) ? 'aim' : reaches(row.must) ? 'must' : 'missed',
    }
  })
}
