// Runs a test file, and once more when it fails: on a busy machine a headless browser may draw nothing for half a minute, and
// then no click of a test is ever made. What fails a second time has failed.
import { spawnSync } from 'node:child_process'

const [file] = process.argv.slice(2)
const run = () => spawnSync(process.execPath, ['--test', file], { stdio: 'inherit' }).status === 0
if (run()) process.exit(0)
console.log(`${file} failed, and is tried once more`)
process.exit(run() ? 0 : 1)
