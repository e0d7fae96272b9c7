// Portals that behave badly, each in its own way, unless they are told to be well: PUT /well or /ill.
import { createServer } from 'node:http'

const { PORT } = process.env
let ill = false
const ways = {
  '/p0': () => {}, // takes the request and never answers
  '/p1': response => {
    response.writeHead(200, { 'Content-Type': 'application/json' })
    const timer = setInterval(() => response.write(' '), 500) // a byte now and then, and never the last one
    response.on('close', () => clearInterval(timer))
  },
  '/p2': response => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>Welcome to nginx!</html>'),
  '/p3': response => response.writeHead(413).end(),
  '/p4': response => response.writeHead(429, { 'Retry-After': '1' }).end(),
}
createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    if (request.method === 'PUT') {
      ill = request.url === '/ill'
      return response.end()
    }
    if (ill && ways[request.url]) return ways[request.url](response)
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}')
  })
}).listen(Number(PORT), '127.0.0.1', () => console.log('ready'))
process.on('SIGTERM', () => process.exit(0))
