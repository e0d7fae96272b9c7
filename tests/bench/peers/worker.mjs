// Posts what waits to the portals, one at a time from each queue, so that order is kept.
import { Worker } from 'bullmq'
import { Pool } from 'undici'

const { REDIS, SINK, PORTALS = '8' } = process.env
const connection = { host: '127.0.0.1', port: Number(REDIS) }
const pool = new Pool(`http://${SINK}`, { connections: 64 })
const deliver = async job => {
  const answer = await pool.request({ path: `/p${job.data.portal}`, method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(job.data) })
  await answer.body.dump()
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`)
}
const workers = Array.from({ length: Number(PORTALS) }, (_, i) => new Worker(`portal-${i}`, deliver, { connection, concurrency: 1 }))
for (const worker of workers) worker.on('error', () => {}) // it tries again
await Promise.all(workers.map(worker => worker.waitUntilReady()))
console.log('ready')
process.on('SIGTERM', () => process.exit(0))
