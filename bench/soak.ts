/**
 * Does a server that runs for long grow? Runs `noonmark server` on a small project under a bounded load of events, predictions,
 * lookups and reports, and fits a slope to everything that could grow: memory, handles, disk. Run:
 * `npm exec -- node bench/soak.ts` (10 minutes), `MINUTES=3 npm exec -- node bench/soak.ts`. `JSON=file` keeps samples and slopes.
 *
 * Slopes are medians of the slopes between all pairs of samples (Theil-Sen), after a warm-up of a third of the time: a garbage
 * collection or a report moves a mean, hardly a median. The interval is that of Kendall's tau (Sen 1968). Memory is the process's
 * own (Pss_Anon): pages of mapped files belong to the system, which takes them back. The processes run with a young generation of
 * 1 MiB, so that what an idle process has not collected yet does not look like growth.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningServer, startServer } from '../test/e2e/command-line.ts'
import { deployProject } from '../test/e2e/deployed-project.ts'
import { iso, projectFiles, removeProject, shops } from '../test/e2e/small-project.ts'

const minutes = Number(process.env.MINUTES ?? 10)
const sampleEveryMs = 2_000
const reportEveryMs = 30_000
const rates = { events: 50, predictions: 50, lookups: 20 } // a second

const hourMs = 3_600_000
const monthHours = 720

interface Sample {
  readonly atMs: number
  /** By name, such as `serve memory MiB`. */
  readonly values: Readonly<Record<string, number>>
}

const folder = await deployProject(projectFiles(Math.floor(Date.now() / hourMs) * hourMs - hourMs))
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --max-semi-space-size=1`
const server = await startServer(folder)
const counts = { events: 0, predictions: 0, lookups: 0, reports: 0, failed: 0 }
const samples: Sample[] = []
let ended = false
try {
  const startedMs = performance.now()
  const endMs = startedMs + minutes * 60_000
  const works = [
    paced(rates.events, (i) => send('/v1/sources/deliveries/events', { events: [eventOf(i)] }, 'events')),
    paced(rates.predictions, (i) => send('/v1/moments/order/predictions', rowOf(i), 'predictions')),
    paced(rates.lookups, (i) => send('/v1/features/lookup', lookupOf(i), 'lookups')),
    reports(),
  ]
  while (performance.now() < endMs) {
    samples.push({ atMs: performance.now() - startedMs, values: await measured(server) })
    await sleep(sampleEveryMs)
    if (samples.length % 30 === 0)
      console.log(`${Math.round((performance.now() - startedMs) / 1000)} s: ${JSON.stringify(counts)}`)
  }
  ended = true
  await Promise.all(works)
} finally {
  ended = true
  await server.stop()
}
const code = say(samples.filter(({ atMs }) => atMs > (minutes * 60_000) / 3))
removeProject(folder)
process.exitCode = code

/** Repeats work so often a second; never more than a few at a time, so that a slow machine is not buried. */
async function paced(perSecond: number, work: (i: number) => Promise<void>): Promise<void> {
  const underway = new Set<Promise<void>>()
  const startedMs = performance.now()
  for (let i = 0; !ended; i++) {
    const dueMs = startedMs + (i * 1000) / perSecond
    if (dueMs > performance.now()) await sleep(dueMs - performance.now())
    while (underway.size >= 4) await Promise.race(underway)
    const mine: Promise<void> = work(i).finally(() => underway.delete(mine))
    underway.add(mine)
  }
  await Promise.all(underway)
}

async function reports(): Promise<void> {
  for (let atMs = performance.now(); !ended; await sleep(200)) {
    if (performance.now() - atMs < reportEveryMs) continue
    atMs = performance.now()
    await send('/v1/monitors/report', null, 'reports')
  }
}

async function send(
  path: string,
  body: unknown,
  what: 'events' | 'predictions' | 'lookups' | 'reports',
): Promise<void> {
  const status = await (body === null ? server.get(path) : server.post(path, body)).then(
    (answer) => answer.status,
    () => 0,
  )
  if (status >= 200 && status < 300) counts[what]++
  else if (counts.failed++ < 5) console.log(`${path} answered ${status}`)
}

function eventOf(i: number): object {
  return {
    order_id: `soak-${i}`,
    shop: shops[i % shops.length],
    delay_minutes: (i % 40) - 20,
    delivered_at: iso(Date.now()),
  }
}

function rowOf(i: number): object {
  return { order_id: `soak-order-${i}`, shop: shops[i % shops.length], kilograms: i % 20 }
}

function lookupOf(i: number): object {
  return {
    features: ['shop_deliveries:deliveries_1d', 'shop_deliveries:last_delay'],
    entities: [{ shop: shops[i % shops.length] }],
  }
}

/** Everything that could grow, as it is now. Linux only: it reads /proc. */
async function measured(running: RunningServer): Promise<Record<string, number>> {
  const { pid, roles } = running.file()
  const values: Record<string, number> = {}
  for (const [name, id] of Object.entries({ supervisor: pid, ...roles })) {
    if (id === undefined) continue
    try {
      const rollup = readFileSync(`/proc/${id}/smaps_rollup`, 'utf8')
      const kilobytes = (field: string): number =>
        Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0)
      values[`${name} memory MiB`] = (kilobytes('Pss_Anon') + kilobytes('SwapPss')) / 1024
      values[`${name} resident MiB`] = kilobytes('Rss') / 1024
      values[`${name} handles`] = readdirSync(`/proc/${id}/fd`).length
      values[`${name} threads`] = readdirSync(`/proc/${id}/task`).length
    } catch {
      // It ended a moment ago, and is looked at again once it has started.
    }
  }
  const metrics = await fetch(`${running.url}/metrics`)
    .then((response) => response.text())
    .catch(() => '')
  const heap = /^nodejs_heap_size_used_bytes (\S+)$/m.exec(metrics)?.[1]
  if (heap !== undefined) values['serve heap MiB'] = Number(heap) / 1024 ** 2
  const state = join(folder, '.noonmark')
  let files = 0
  for (const place of readdirSync(state, { withFileTypes: true })) {
    const { sizeBytes, count } = sizeOf(join(state, place.name), place.isDirectory())
    if (place.isDirectory()) values[`${place.name}/ disk MiB`] = sizeBytes / 1024 ** 2
    else if (place.name.startsWith('metadata')) values[`${place.name} disk MiB`] = sizeBytes / 1024 ** 2
    files += count
  }
  values['files of .noonmark'] = files
  return values
}

function sizeOf(path: string, isFolder: boolean): { sizeBytes: number; count: number } {
  try {
    if (!isFolder) return { sizeBytes: statSync(path).blocks * 512, count: 1 }
    const inside = readdirSync(path, { withFileTypes: true }).map((one) =>
      sizeOf(join(path, one.name), one.isDirectory()),
    )
    return {
      sizeBytes: inside.reduce((sum, one) => sum + one.sizeBytes, 0),
      count: inside.reduce((sum, one) => sum + one.count, 0),
    }
  } catch {
    return { sizeBytes: 0, count: 0 }
  }
}

interface Slope {
  readonly name: string
  readonly first: number
  readonly last: number
  /** Per hour, with its 95 % interval. */
  readonly perHour: number
  readonly low: number
  readonly high: number
}

function slopeOf(name: string, from: readonly Sample[]): Slope | null {
  const points = from.flatMap(({ atMs, values }) =>
    values[name] === undefined ? [] : [{ hours: atMs / hourMs, value: values[name] }],
  )
  const n = points.length
  if (n < 10) return null
  const slopes: number[] = []
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++)
      slopes.push((points[j]!.value - points[i]!.value) / (points[j]!.hours - points[i]!.hours))
  slopes.sort((a, b) => a - b)
  const spread = 1.96 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  const at = (place: number): number => slopes[Math.max(0, Math.min(slopes.length - 1, Math.round(place)))]!
  return {
    name,
    first: points[0]!.value,
    last: points[n - 1]!.value,
    perHour: at((slopes.length - 1) / 2),
    low: at((slopes.length - spread) / 2),
    high: at((slopes.length + spread) / 2),
  }
}

/** Prints slopes and what they would come to in a month; returns 1 where memory, handles or threads grow for certain. */
function say(from: readonly Sample[]): number {
  const names = [...new Set(from.flatMap(({ values }) => Object.keys(values)))]
  const slopes = names.flatMap((name) => slopeOf(name, from) ?? [])
  const round = (value: number): string => value.toFixed(Math.abs(value) >= 100 ? 0 : 2)
  console.log(`\n${minutes} minutes, slopes over the last two thirds; ${JSON.stringify(counts)}`)
  console.log(
    `${'what'.padEnd(28)}${'from'.padStart(10)}${'to'.padStart(10)}${'per hour'.padStart(11)}${'95 % interval'.padStart(24)}  a month would cost`,
  )
  let growing = 0
  for (const { name, first, last, perHour, low, high } of slopes) {
    const isDisk = name.includes('disk') || name.startsWith('files')
    const certain = low > 0
    // What a month may cost without anybody minding: 500 MiB of memory in a process, 100 handles or threads.
    const matters = certain && perHour * monthHours > (name.includes('MiB') ? 500 : 100)
    const verdict = !certain
      ? 'nothing that can be told from noise'
      : isDisk
        ? `${round(perHour * monthHours)} under this very load: what is logged is kept`
        : `${round(perHour * monthHours)}${matters ? '  GROWS' : ''}`
    if (matters && !isDisk && !name.includes('resident')) growing++
    console.log(
      `${name.padEnd(28)}${round(first).padStart(10)}${round(last).padStart(10)}${round(perHour).padStart(11)}${`${round(low)} to ${round(high)}`.padStart(24)}  ${verdict}`,
    )
  }
  console.log(
    growing === 0
      ? '\nNo memory, handle or thread grows so that it would matter in a month.'
      : `\n${growing} of these grow.`,
  )
  if (process.env.JSON !== undefined)
    writeFileSync(process.env.JSON, JSON.stringify({ minutes, counts, slopes, samples }))
  return growing === 0 ? 0 : 1
}
