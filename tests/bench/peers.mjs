// What the host is measured beside: nginx, the bare limits of the machine, and what a team would use instead.
import { execFile } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { sink } from './host.mjs'
import { Server, call, fresh, load, program, sleep } from './machine.mjs'

const here = path.dirname(new URL(import.meta.url).pathname)
const ports = { nginx: 18180, limits: 18181, redis: 18182, node: 18183, rabbit: 18184, epmd: 18185, rabbitDistribution: 18186 }

/** Loads one that takes webhooks, and what each message cost it. */
async function measure(servers, port, options) {
  const cpu = () => servers.reduce((sum, server) => sum + server.cpuSeconds(), 0)
  const before = cpu()
  const figures = await load({ url: `http://127.0.0.1:${port}/hooks/p{portal}`, ...options })
  if (figures.accepted === 0) throw new Error(`nothing was taken at port ${port}`)
  figures.cpu_us = ((cpu() - before) * 1e6) / Math.max(1, figures.accepted)
  return figures
}

export async function nginx(use) {
  const folder = fresh('nginx')
  const file = path.join(folder, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/${name};`).join(' ')
  writeFileSync(file, `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log warn;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; client_body_buffer_size 64k; ${temporary}
  server { listen 127.0.0.1:${ports.nginx} backlog=1024; location / { default_type application/json; return 200 "{}"; } } }
`)
  const server = await Server.start('nginx', 'nginx', ['-p', folder, '-c', file], { port: ports.nginx })
  try {
    return await use(options => measure([server], ports.nginx, { mode: 'gen', ...options }))
  } finally {
    await server.stop()
  }
}

/** `relay`: posts what it has made durable; otherwise it only answers. */
export async function bare(relay, use) {
  const args = relay ? ['relay', ports.limits, `${fresh('limits')}/log`, sink] : ['durable', ports.limits, `${fresh('limits')}/log`]
  const server = await Server.start('limits', program('trunkline-bench-limits'), args, { port: ports.limits })
  try {
    return await use(options => measure([server], ports.limits, { mode: relay ? 'bench' : 'gen', ...(relay ? { sink } : {}), ...options }))
  } finally {
    await server.stop()
  }
}

export const syncs = () => call(program('trunkline-bench-limits'), 'syncs', fresh('limits'))

export async function pipeline(use) {
  const folder = fresh('redis')
  const redis = await Server.start('redis', 'redis-server',
    ['--bind', '127.0.0.1', '--port', ports.redis, '--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'], { port: ports.redis })
  const started = [redis]
  try {
    const node = (name, env) => Server.start(name, process.execPath, [path.join(here, 'peers', `${name}.mjs`)], { ready: 'ready', env: { REDIS: String(ports.redis), ...env } })
    started.push(await node('gateway', { PORT: String(ports.node) }))
    started.push(await node('worker', { SINK: sink }))
    return await use(options => measure(started, ports.node, { mode: 'bench', sink, drain: 60, idle: 5, ...options }))
  } finally {
    for (const server of started.reverse()) await server.stop()
  }
}

/** `use(run)`, `run(mode, kind, prefix, seconds, count)`. */
export async function rabbit(use) {
  const folder = fresh('rabbit')
  chmodSync(folder, 0o777)
  const file = path.join(folder, 'rabbitmq.conf')
  writeFileSync(file, `listeners.tcp.local = 127.0.0.1:${ports.rabbit}
distribution.listener.interface = 127.0.0.1
vm_memory_high_watermark.absolute = 8GB
disk_free_limit.absolute = 1GB
log.console.level = warning
`)
  const epmd = await Server.start('epmd', 'epmd', ['-port', ports.epmd, '-address', '127.0.0.1'], { port: ports.epmd })
  const server = await Server.start('rabbit', '/usr/lib/rabbitmq/bin/rabbitmq-server', [], {
    port: ports.rabbit,
    env: {
      RABBITMQ_NODENAME: 'bench@localhost', RABBITMQ_CONFIG_FILE: file, RABBITMQ_MNESIA_BASE: `${folder}/data`, RABBITMQ_LOG_BASE: `${folder}/log`,
      RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/plugins`, RABBITMQ_DIST_PORT: String(ports.rabbitDistribution), ERL_EPMD_ADDRESS: '127.0.0.1',
      ERL_EPMD_PORT: String(ports.epmd), HOME: folder, RABBITMQ_LOGS: '-',
    },
  })
  server.helpers = [epmd]
  try {
    await sleep(1)
    return await use((...args) => call(program('trunkline-bench-rabbit'), ports.rabbit, ...args))
  } finally {
    await server.stop()
  }
}

/** Which versions these are, for the table. */
export async function versions() {
  const first = async (file, ...args) => {
    try {
      const { stdout, stderr } = await promisify(execFile)(file, args)
      return (stdout || stderr).trim().split('\n')[0]
    } catch (error) {
      return error.message
    }
  }
  const debian = async name => `${name} ${await first('dpkg-query', '-W', '-f', '${Version}', name)}`
  return Promise.all([first('nginx', '-v'), debian('redis-server'), debian('rabbitmq-server'), Promise.resolve(`Node ${process.version}`)])
}
