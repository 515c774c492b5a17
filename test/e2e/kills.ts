// Kills every process of a platform under load, again and again, and then holds what was acknowledged against what is there.
// Run: node test/e2e/kills.ts [--kills 200] [--seed 1] [--victims serve,run]. It ends with 1 where anything was lost or counts twice.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openFileLogReader } from '../../src/stream/drivers/file.ts'
import { type Answer, allReady, type RunningServer, startServer, until } from './command-line.ts'
import { deployProject } from './deployed-project.ts'
import { generateHistory, iso, projectFiles, random, removeProject, shops } from './small-project.ts'

const { values: given } = parseArgs({
  options: { kills: { type: 'string' }, seed: { type: 'string' }, victims: { type: 'string' } },
})
const kills = Number(given.kills ?? 200)
const seed = Number(given.seed ?? Math.floor(Math.random() * 1e9))

/** Who dies, and how often of a hundred. A run is a process of its own that the worker starts; the supervisor takes all with it. */
const victims = { serve: 36, writer: 36, worker: 14, run: 8, supervisor: 6 } as const
type Victim = keyof typeof victims
type Role = 'serve' | 'writer' | 'worker'

const hasEnded = ['succeeded', 'stopped', 'failed', 'cancelled']
const hourMs = 3_600_000
const clients = 6
const longestPauseMs = 700
/** So often the next process is killed before the last one is back: while others start, or while it starts itself. */
const hasty = 0.3

const historyTo = Math.floor(Date.now() / hourMs) * hourMs - hourMs
const next = random(seed)

/** The shop of each acknowledged event by id, and the ids of predictions that were answered with `logged: true`. */
const events = new Map<string, string>()
const predictions: string[] = []
const killed = new Set<number>()
const restarts: { readonly role: Victim; readonly ms: number }[] = []
const done: Record<Victim, number> = { serve: 0, writer: 0, worker: 0, run: 0, supervisor: 0 }

console.log(`kills: seed ${seed}`)
const folder = await deployProject(projectFiles(historyTo))
let server: RunningServer = await startServer(folder)
let output = ''
let ended = false
/** Measurements under way. */
let back: Promise<void>[] = []

interface PredictionAnswer {
  readonly results: Readonly<Record<string, { readonly prediction_id: string; readonly logged: boolean }>>
}

/** Sends an event until it is acknowledged. */
async function send(id: string): Promise<void> {
  const shop = shops[id.length % shops.length]!
  const event = { order_id: id, shop, delay_minutes: id.length, delivered_at: iso(Date.now()) }
  for (;;) {
    const answer = await server.post('/v1/sources/deliveries/events', { events: [event] }).catch(() => null)
    if (answer?.status === 200) {
      events.set(id, shop)
      return
    }
    await sleep(30)
  }
}

async function client(name: number): Promise<void> {
  for (let i = 0; !ended; i++) {
    await send(`event-${name}-${i}`)
    const row = { order_id: `order-${name}-${i}`, shop: shops[i % shops.length], kilograms: i % 20 }
    const answer = await server.post<PredictionAnswer>('/v1/moments/order/predictions', row).catch(() => null)
    if (answer?.status === 200)
      for (const { logged, prediction_id } of Object.values(answer.json.results))
        if (logged) predictions.push(prediction_id)
    await sleep(10)
  }
}

/** Measures from now until something answers. */
async function measured(role: Victim, answers: () => Promise<boolean>): Promise<void> {
  const started = performance.now()
  await until(`${role} to answer again`, () => answers().catch(() => false), 60_000)
  restarts.push({ role, ms: performance.now() - started })
}

interface Ready {
  readonly checks: { readonly writer: { readonly ok: boolean } }
}

const answers: Readonly<Record<Role, () => Promise<boolean>>> = {
  serve: async () => living('serve') !== null && (await server.get('/health/live')).status === 200,
  // Others may not have noticed that it is gone.
  writer: async () => living('writer') !== null && (await server.get<Ready>('/health/ready')).json.checks.writer.ok,
  worker: async () => (await server.post('/v1/plan', {})).status === 200,
}

/** The process that plays a role now; one that was killed may not be buried yet. Null where none plays it. */
function living(role: Role): number | null {
  const pid = server.file().roles[role]
  return pid === undefined || killed.has(pid) ? null : pid
}

function kill(victim: Victim, pid: number): void {
  killed.add(pid)
  process.kill(pid, 'SIGKILL')
  done[victim]++
}

/** Kills a role, and goes on before it is back. */
async function killRole(role: Role): Promise<void> {
  let pid: number | null = null
  await until(`a ${role}`, async () => {
    pid = living(role)
    // It rests until it is asked for something.
    if (pid === null && role === 'worker') server.post('/v1/plan', {}).catch(() => null)
    return pid !== null
  })
  kill(role, pid!)
  back.push(measured(role, answers[role]))
}

/** Starts a training and kills the process that it runs in; the platform must say that it failed, and go on. */
async function killRun(): Promise<void> {
  const started = await server.post<{ id: string }>('/v1/runs', { model: 'late' }).catch(() => null)
  if (started?.status !== 202) return
  const { id } = started.json
  let child: number | undefined
  const status = async (): Promise<string | undefined> =>
    (await server.get<{ status?: string }>(`/v1/runs/${id}`).catch(() => null))?.json.status
  await until('the process of the run', async () => {
    const worker = living('worker')
    child = worker === null ? undefined : childrenOf(worker).find((pid) => !killed.has(pid))
    return child !== undefined || hasEnded.includes((await status()) ?? '')
  })
  if (child === undefined) return
  kill('run', child)
  await until('the run to be said to have failed', async () => hasEnded.includes((await status()) ?? ''), 60_000)
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number)
    return children.filter((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('/process/run.'))
  } catch {
    return []
  }
}

/** Everything goes down at once, and a server is started as a person would. */
async function killSupervisor(): Promise<void> {
  const started = performance.now()
  output += server.output()
  done.supervisor++
  await server.kill()
  server = await startServer(folder)
  restarts.push({ role: 'supervisor', ms: performance.now() - started })
}

function draw(): Victim {
  const named = given.victims?.split(',')
  const drawn = Object.entries(victims).filter(([victim]) => named?.includes(victim) ?? true)
  let left = next() * drawn.reduce((sum, [, share]) => sum + share, 0)
  for (const [victim, share] of drawn) {
    left -= share
    if (left < 0) return victim as Victim // a key of the table
  }
  throw new Error(`--victims names none of ${Object.keys(victims).join(', ')}`)
}

const load = Array.from({ length: clients }, (_, name) => client(name))
const total = (): number => Object.values(done).reduce((sum, count) => sum + count, 0)
const startedAt = performance.now()
while (total() < kills) {
  await sleep(next() * longestPauseMs)
  const victim = draw()
  if (next() >= hasty || victim === 'supervisor' || victim === 'run') {
    await Promise.all(back)
    back = []
  }
  if (victim === 'supervisor') await killSupervisor()
  else if (victim === 'run') await killRun()
  else await killRole(victim)
}
await Promise.all(back)
await allReady(server)
ended = true
await Promise.all(load)
const seconds = (performance.now() - startedAt) / 1000
await send('last-event')

/** How often each value occurs. */
function counted<T>(values: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}

async function loggedEventIds(): Promise<string[]> {
  const reader = openFileLogReader({ folder: join(folder, '.noonmark/stream') })
  const name = { project: 'parcels', source: 'deliveries' }
  const { firstOffset, nextOffset } = await reader.extent(name)
  const ids: string[] = []
  for (let from = firstOffset; from < nextOffset; ) {
    const rows = await reader.read(name, { from, limit: nextOffset - from })
    ids.push(...rows.map(({ id }) => String(id)))
    from += rows.length
  }
  await reader.close()
  return ids
}

async function listedPredictions(): Promise<string[]> {
  const ids: string[] = []
  for (let after: string | null = ''; after !== null; ) {
    const page: Answer<{ predictions: { prediction_id: string }[]; next: string | null }> = await server.get(
      `/v1/predictions?limit=1000${after === '' ? '' : `&after=${after}`}`,
    )
    ids.push(...page.json.predictions.map(({ prediction_id }) => prediction_id))
    after = page.json.next
  }
  return ids
}

/** How far the counts that features have of each shop are from history and what was acknowledged. */
async function miscounted(): Promise<{ readonly fewer: number; readonly more: number }> {
  const expected = counted([
    ...generateHistory(historyTo).deliveries.map(({ shop }) => String(shop)),
    ...events.values(),
  ])
  const { json } = await server.post<{ rows: { features: Record<string, { value: number }> }[] }>(
    '/v1/features/lookup',
    {
      features: ['shop_deliveries:deliveries_total'],
      entities: shops.map((shop) => ({ shop })),
    },
  )
  const differences = json.rows.map(
    ({ features }, i) => features['shop_deliveries:deliveries_total']!.value - (expected.get(shops[i]!) ?? 0),
  )
  return {
    fewer: differences.reduce((sum, difference) => sum + Math.max(0, -difference), 0),
    more: differences.reduce((sum, difference) => sum + Math.max(0, difference), 0),
  }
}

const inLog = counted(await loggedEventIds())
const listed = counted(await listedPredictions())
// What is acknowledged is counted when the frontier has passed it.
await until('every event to count', async () => (await miscounted()).fewer === 0, 10_000).catch(() => undefined)
const counts = await miscounted()
const twice = (found: ReadonlyMap<string, number>): number => [...found.values()].filter((times) => times > 1).length
const lost = {
  events: [...events.keys()].filter((id) => !inLog.has(id)).length,
  predictions: predictions.filter((id) => !listed.has(id)).length,
  counts: counts.fewer,
}
const doubled = { events: twice(inLog), predictions: twice(listed), counts: counts.more }
output += server.output()
await server.stop()
removeProject(folder)

const shown = (figures: Readonly<Record<string, number>>): string =>
  Object.entries(figures)
    .map(([name, figure]) => `${figure} ${name}`)
    .join(', ')
const spread = (role: Victim | null): string => {
  const times = restarts
    .filter((one) => role === null || one.role === role)
    .map(({ ms }) => ms)
    .sort((a, b) => a - b)
  const at = (share: number): string =>
    `${((times[Math.floor((times.length - 1) * share)] ?? Number.NaN) / 1000).toFixed(2)} s`
  return `p50 ${at(0.5)}, max ${at(1)}`
}
console.log(`kills: ${total()} (${shown(done)}) in ${seconds.toFixed(0)} s, seed ${seed}`)
console.log(`acknowledged: ${shown({ events: events.size, predictions: predictions.length })}`)
console.log(`lost: ${shown(lost)}`)
console.log(`doubled: ${shown(doubled)}`)
for (const role of ['serve', 'writer', 'worker', 'supervisor'] as const)
  console.log(`restart of ${role}: ${spread(role)}`)
console.log(`restart: ${spread(null)}`)
const wrong = [...Object.values(lost), ...Object.values(doubled)].some((count) => count > 0)
if (wrong) console.error(output)
process.exitCode = wrong || events.size === 0 || predictions.length === 0 ? 1 : 0
