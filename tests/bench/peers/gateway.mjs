// Takes webhooks and keeps them in Redis, one queue to each portal; answers once Redis has them.
import { Queue } from 'bullmq'
import Fastify from 'fastify'

const { PORT, REDIS, PORTALS = '8' } = process.env
const connection = { host: '127.0.0.1', port: Number(REDIS) }
const queues = Array.from({ length: Number(PORTALS) }, (_, i) => new Queue(`portal-${i}`, { connection, defaultJobOptions: { removeOnComplete: true, attempts: 5 } }))
await Promise.all(queues.map(queue => queue.waitUntilReady()))

const app = Fastify({ logger: false })
app.post('/hooks/p:portal', async request => {
  const { update_id: id, message } = request.body
  const { portal } = request.params
  await queues[Number(portal) % queues.length].add('message', { id, portal, chat: message.chat.id, from: message.from.username, text: message.text, date: message.date })
  return {}
})
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
console.log('ready')
process.on('SIGTERM', () => process.exit(0))
