/**
 * The whole thread on real data: `npm run demo`. It works on a copy of this example and uses nothing but the command line and
 * the HTTP API. `-- --exit` ends after the summary, `-- --json <file>` writes the figures, `-- --all` takes all 3,000,000 flights.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MemoryWatch } from './memory-watch.ts'
import { prepareFlights } from './prepare.ts'
import { replayFlights } from './replay.ts'
import { type DemoFigures, figuresOf, summaryText } from './summary.ts'

const example = dirname(fileURLToPath(import.meta.url))
const bin = resolve(example, '../../bin/noonmark.js')
const dayMs = 86_400_000
const copied = ['noonmark.config.ts', 'airport-time.ts', 'features', 'moments', 'models', 'deployments.ts', 'README.md']

const { values: options } = parseArgs({
  options: {
    exit: { type: 'boolean' },
    json: { type: 'string' },
    all: { type: 'boolean' },
    port: { type: 'string' },
    dir: { type: 'string' },
  },
})
const project = resolve(options.dir ?? join(example, '.demo'))
const started = performance.now()
const seconds: Record<string, number> = {}
const memory = new MemoryWatch()
const children = new Set<ChildProcess>()

/** Announces a step, does it, and keeps how long it took. */
async function step<T>(title: string, name: string, work: () => Promise<T>): Promise<T> {
  console.log(`\n\x1b[1m${title}\x1b[0m`)
  const from = performance.now()
  const result = await work()
  seconds[name] = Math.round((performance.now() - from) / 100) / 10
  return result
}

/** Runs a verb as its user would; progress and text go to the terminal, the answer comes back as JSON. */
async function noonmark(args: readonly string[], expected: readonly number[] = [0]): Promise<unknown> {
  const child = spawn(process.execPath, [bin, ...args, '--json', '--project', project, '--clock', clock], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  const code = await new Promise<number | null>((done) => child.on('close', done))
  children.delete(child)
  const answer: unknown = out === '' ? null : JSON.parse(out)
  if (code === null || !expected.includes(code))
    throw new Error(`noonmark ${args.join(' ')} ended with ${code}: ${failedChecks(answer) || out}`)
  return answer
}

/** What stopped a run, where checks did. */
function failedChecks(answer: unknown): string {
  const { checks = [] } = (answer ?? {}) as { checks?: { name: string; passed: boolean; summary: string }[] }
  return checks.flatMap(({ name, passed, summary }) => (passed ? [] : [`${name}: ${summary}`])).join(' ')
}

/** The clock of the platform stands at the beginning of the replay until the server moves it. */
let clock = ''

async function main(): Promise<void> {
  rmSync(project, { recursive: true, force: true })
  mkdirSync(project, { recursive: true })
  for (const name of copied)
    if (existsSync(join(example, name))) cpSync(join(example, name), join(project, name), { recursive: true })

  const data = await step('1  Prepare the flights', 'prepare', () =>
    prepareFlights({ outDir: project, airports: options.all ? 'all' : 'busiest-20' }),
  )
  clock = new Date(data.historyEnd).toISOString()
  console.log(
    `   ${data.flights.toLocaleString('en')} flights between ${data.airports.length} airports; history ends, and the replay begins, at ${clock}`,
  )

  await step('2  Apply the project and fold its history', 'materialize', async () => {
    const applied = (await noonmark(['apply', '--yes'])) as { steps: { summary: Record<string, number> } }
    console.log(`   ${applied.steps.summary.create} definitions created`)
    const { filled } = (await noonmark(['materialize'])) as { filled: Record<string, number> }
    console.log(
      `   ${Object.entries(filled)
        .map(([source, features]) => `${features} features of ${source}`)
        .join(', ')} filled`,
    )
  })

  const leaking = await step(
    '3  A model whose features know the future is stopped before a tree is grown',
    'leaking',
    () => noonmark(['train', 'flight-delay-leaking'], [1]),
  )
  const verdict = (leaking as { checks: { passed: boolean; summary: string }[] }).checks.find(({ passed }) => !passed)
  if (verdict === undefined) throw new Error('the leaking model was not stopped')
  console.log(`   ${verdict.summary}`)

  const runs = await step(
    '4  Build the training set, train two versions, check and register them',
    'train',
    async () => {
      const linear = await noonmark(['train', 'flight-delay', '--trainer', 'logistic-regression'])
      const trees = await noonmark(['train', 'flight-delay'])
      return { linear, trees } as DemoFigures['runs']
    },
  )
  for (const run of [runs.linear, runs.trees]) {
    console.log(
      `   ${run.version} (${run.trainer.kind}): AUC ${run.metrics.validation.auc.toFixed(4)} on ${run.metrics.validation.rows.toLocaleString('en')} moments of May; ${run.checks.length} checks passed`,
    )
  }

  await step('5  Deploy a champion and a shadow', 'deploy', async () => {
    await noonmark(['deploy', runs.trees.version, '--to', 'departure-delay', '--champion'])
    await noonmark(['deploy', runs.linear.version, '--to', 'departure-delay', '--shadow'])
    await noonmark(['apply', '--yes'])
    console.log(`   departure-delay: champion ${runs.trees.version}, shadow ${runs.linear.version}`)
  })

  const server = await step('6  Start the server on a replay clock', 'start', startServer)
  console.log(`   ${server.url}`)

  const replay = await step('7  Replay a week of departures and landings through the HTTP API', 'replay', () =>
    replayFlights({
      url: server.url,
      departuresFile: data.files.replayDepartures,
      landingsFile: data.files.replayLandings,
      startMs: data.historyEnd,
      eventsEndMs: data.replayEnd + dayMs + 2 * 60_000,
      onProgress: bar('   replay'),
    }),
  )
  console.log(
    `   ${replay.predictions.toLocaleString('en')} predictions and ${replay.events.toLocaleString('en')} event calls in ${replay.seconds} s`,
  )
  if (replay.errors > 0) throw new Error(`${replay.errors} requests failed`)

  clock = new Date(data.replayEnd + dayMs + 3 * 60_000).toISOString()
  const report = await step('8  Join outcomes, measure performance and parity', 'monitor', () =>
    noonmark(['monitors', 'run'], [0, 1]),
  )

  const figures = figuresOf({
    flights: data.flights,
    runs,
    replay,
    report,
    leaking: verdict.summary,
    seconds: { ...seconds, total: Math.round((performance.now() - started) / 100) / 10 },
    peakMemoryMb: memory.peakMb(),
  })
  console.log(`\n${summaryText(figures)}`)
  if (options.json !== undefined) writeFileSync(resolve(options.json), `${JSON.stringify(figures, null, 2)}\n`)
  if (figures.parity.differing > 0) process.exitCode = 1

  if (options.exit) return server.stop()
  console.log(`
Look further, in ${project}:
  npm exec -- noonmark versions show ${runs.trees.version} --project ${project}
  npm exec -- noonmark monitors run --project ${project} --clock ${clock}
  curl ${server.url}/v1/predictions?deployment=departure-delay\\&limit=1
  curl ${server.url}/openapi.json
The server answers until Ctrl-C.`)
  await server.ended
}

/** Starts the real server and waits until it answers. */
async function startServer(): Promise<{ url: string; ended: Promise<void>; stop(): Promise<void> }> {
  const child = spawn(
    process.execPath,
    [bin, 'server', '--port', options.port ?? '0', '--project', project, '--clock', clock],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  children.add(child)
  const ended = new Promise<void>((done) => child.on('close', () => done()))
  const url = await new Promise<string>((found, failed) => {
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      const match = /answers at (http:\S+)/.exec(out)
      if (match?.[1] !== undefined) found(match[1])
    })
    child.on('close', () => failed(new Error(`the server ended: ${out}`)))
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
  }
  return { url, ended, stop }
}

/** A bar on a terminal, silence elsewhere. */
function bar(label: string): (done: number, total: number) => void {
  return (done, total) => {
    if (!process.stderr.isTTY) return
    const share = total === 0 ? 0 : done / total
    const filled = Math.round(share * 30)
    process.stderr.write(
      `\r\x1b[2K${label} ${'█'.repeat(filled)}${'░'.repeat(30 - filled)} ${Math.round(share * 100)} %${done >= total ? '\n' : ''}`,
    )
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const child of children) child.kill('SIGTERM')
  })
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  memory.stop()
  for (const child of children) child.kill('SIGTERM')
}
