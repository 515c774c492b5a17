/** A project that has lived: trained, deployed, served, with events and predictions that were acknowledged. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Answer, type RunningServer, startServer, until } from '../e2e/command-line.ts'
import { deployProject } from '../e2e/deployed-project.ts'
import { generateHistory, historyTo, iso, projectFiles, shops } from '../e2e/small-project.ts'

/** The replay clock on which such a project lives. */
export const clock: readonly string[] = ['--clock', iso(historyTo)]

/** What the platform has acknowledged, and so must still know or name as lost. */
export interface Acknowledged {
  /** The shop of each event by its id. */
  readonly events: ReadonlyMap<string, string>
  /** The probability of each logged prediction by its id. */
  readonly predictions: ReadonlyMap<string, number>
}

export interface LivedProject {
  readonly folder: string
  readonly acknowledged: Acknowledged
}

interface PredictionAnswer {
  readonly results: Readonly<
    Record<string, { prediction_id: string; output: { probability: number }; answered_by: string; logged: boolean }>
  >
}

/** An event of the project. */
export function eventOf(id: string, shop: string, atMs = historyTo): object {
  return { order_id: id, shop, delay_minutes: (id.length * 7) % 30, delivered_at: iso(atMs) }
}

/** Sends events one by one; returns the shop of each. Every one must be acknowledged. */
export async function sendEvents(server: RunningServer, ids: readonly string[]): Promise<Map<string, string>> {
  const sent = new Map<string, string>()
  for (const [i, id] of ids.entries()) {
    const shop = shops[i % shops.length]!
    const answer = await server.post<object>('/v1/sources/deliveries/events', { events: [eventOf(id, shop)] })
    if (answer.status !== 200) throw new Error(`event ${id}: ${answer.status} ${JSON.stringify(answer.json)}`)
    sent.set(id, shop)
  }
  return sent
}

/** Asks for predictions; returns the probability of each that was logged. */
export async function sendPredictions(server: RunningServer, keys: readonly string[]): Promise<Map<string, number>> {
  const logged = new Map<string, number>()
  for (const [i, order_id] of keys.entries()) {
    const row = { order_id, shop: shops[i % shops.length]!, kilograms: i % 20 }
    const { status, json } = await server.post<PredictionAnswer>('/v1/moments/order/predictions', row)
    if (status !== 200) throw new Error(`prediction ${order_id}: ${status} ${JSON.stringify(json)}`)
    for (const result of Object.values(json.results))
      if (result.logged) logged.set(result.prediction_id, result.output.probability)
  }
  return logged
}

/** Deploys the small project, serves it, and stops it again with what was acknowledged. */
export async function livedProject(count = 24): Promise<LivedProject> {
  const folder = await deployProject(projectFiles(), { args: clock })
  const server = await startServer(folder, clock)
  try {
    await ready(server)
    const ids = Array.from({ length: count }, (_, i) => `event-${i}`)
    const keys = Array.from({ length: count }, (_, i) => `order-${i}`)
    const events = await sendEvents(server, ids)
    const predictions = await sendPredictions(server, keys)
    return { folder, acknowledged: { events, predictions } }
  } finally {
    await server.stop()
  }
}

/** Waits until a server says that it is ready. */
export const ready = (server: RunningServer): Promise<void> =>
  until('the server', async () => (await server.get('/health/ready').catch(() => null))?.status === 200)

/** A copy of a project to do harm to. */
export function copyOf(folder: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'noonmark-fault-'))
  cpSync(folder, copy, { recursive: true, preserveTimestamps: true })
  return copy
}

/** How many deliveries of each shop features must count: history and what was acknowledged. */
export function expectedCounts(events: ReadonlyMap<string, string>): Record<string, number> {
  const all = [...generateHistory(historyTo).deliveries.map(({ shop }) => shop), ...events.values()]
  return Object.fromEntries(shops.map((shop) => [shop, all.filter((one) => one === shop).length]))
}

/** The files below a folder of the state whose names match, as paths. */
export function filesOf(folder: string, place: string, name: RegExp): string[] {
  const root = join(folder, '.noonmark', place)
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => name.test(path) && statSync(join(root, path)).isFile())
    .map((path) => join(root, path))
    .sort()
}

/** Changes a file; as a new one, so that what only reads it may not be written. */
export function change(path: string, how: (bytes: Buffer) => Uint8Array): void {
  const changed = how(readFileSync(path))
  rmSync(path)
  writeFileSync(path, changed)
}

/** Flips bits of one byte; counted from the end where negative. */
export const flipAt =
  (byte: number) =>
  (bytes: Buffer): Buffer => {
    bytes[byte < 0 ? bytes.length + byte : byte]! ^= 0x55
    return bytes
  }

/** Keeps the first part of a file. */
export const cutTo =
  (share: number) =>
  (bytes: Buffer): Buffer =>
    bytes.subarray(0, Math.floor(bytes.length * share))

/** An error as the API answers it. */
export interface Refused {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string; readonly path?: string }
}

/** What a server says of predictions that it once logged: those that it gives back, and its errors by id. */
export async function findPredictions(
  server: RunningServer,
  predictions: ReadonlyMap<string, number>,
): Promise<{ readonly found: Map<string, number>; readonly refused: Map<string, Refused['error']> }> {
  const found = new Map<string, number>()
  const refused = new Map<string, Refused['error']>()
  for (const id of predictions.keys()) {
    const answer: Answer<{ output?: { probability: number } } & Partial<Refused>> = await server.get(
      `/v1/predictions/${id}`,
    )
    if (answer.status === 200) found.set(id, answer.json.output!.probability)
    else refused.set(id, answer.json.error!)
  }
  return { found, refused }
}

/** The count of deliveries of each shop, or the status that says why there is none. */
export async function countsOf(server: RunningServer): Promise<Record<string, number | string>> {
  const { json } = await server.post<{
    rows: { features: Record<string, { value: number | null; status: string }> }[]
  }>('/v1/features/lookup', {
    features: ['shop_deliveries:deliveries_total'],
    entities: shops.map((shop) => ({ shop })),
  })
  return Object.fromEntries(
    shops.map((shop, i) => {
      const { value, status } = json.rows[i]!.features['shop_deliveries:deliveries_total']!
      return [shop, value ?? status]
    }),
  )
}

/** Lets everything that was received be seen. */
export async function advance(server: RunningServer, byMs = 3_600_000): Promise<void> {
  await server.put('/v1/clock', { now: iso(historyTo + byMs) })
}
