/**
 * How long does `noonmark dev` take until it is ready, and what memory do all of its processes hold when nothing happens?
 * Run: `node bench/dev-start.bench.ts`. A project from `noonmark init`, started once to fill its stores, then timed from the spawn
 * to the first 200 of /health/ready. Memory is the proportional set size (PSS: shared pages are shared out, so that processes add
 * up) of the process and all below it, from /proc, after ten quiet seconds.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { digits, median, noonmark, options, report, root, scratch } from './measuring.ts'

const limitMs = 60_000
const quietMs = options.small ? 2_000 : 10_000
const rounds = options.small ? 1 : 5

const folder = await scratch('dev-start')
try {
  const project = join(folder, 'flights')
  execFileSync(process.execPath, [noonmark, 'init', project, '--template', 'online'])
  await symlink(join(root, 'node_modules'), join(project, 'node_modules'))
  const rows: (string | number)[][] = []
  const first = await started(project)
  rows.push(['the first time, with its stores to be made', digits(first.seconds), '', ''])
  await end(first.child)
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const { child, seconds } = await started(project)
    times.push(seconds)
    if (round === rounds - 1) {
      await new Promise((resolve) => setTimeout(resolve, quietMs))
      const processes = below(child.pid!).map(proportionalKiB)
      const mebibytes = Math.round(processes.reduce((sum, kibibytes) => sum + kibibytes, 0) / 1024)
      rows.push([`again (median of ${rounds})`, digits(median(times)), processes.length, mebibytes])
    }
    await end(child)
  }
  await report('dev-start', {
    title: 'Start and idle memory',
    asks: 'How long does `noonmark dev` take until it is ready, and what memory do its processes hold when idle?',
    versions: {},
    tables: [
      {
        caption: 'a project made by `noonmark init --template online`, on embedded engines',
        columns: ['start', 'seconds until ready', 'processes', 'MiB of all (PSS)'],
        rows,
      },
    ],
    notes: [],
  })
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function started(project: string): Promise<{ child: ChildProcess; seconds: number }> {
  const port = await freePort()
  const began = performance.now()
  const child = spawn(process.execPath, [noonmark, 'dev', '--port', String(port)], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said += text
    })
  }
  for (;;) {
    const ready = await fetch(`http://127.0.0.1:${port}/health/ready`).then(
      ({ status }) => status === 200,
      () => false,
    )
    if (ready) return { child, seconds: (performance.now() - began) / 1000 }
    if (child.exitCode !== null || performance.now() - began > limitMs) {
      await end(child)
      throw new Error(`noonmark dev was not ready:\n${said}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** A process and all that it started, by number. */
function below(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      // After the name in parentheses: state, parent.
      const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1]
      parents.set(Number(name), Number(parent))
    } catch {
      // It ended in between.
    }
  }
  const found = [pid]
  for (const one of found) for (const [child, parent] of parents) if (parent === one) found.push(child)
  return found
}

function proportionalKiB(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)
}
