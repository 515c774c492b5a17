/** Appends predictions to a log without end and names each one once it is durable: the process that a test kills. */
import { systemClock } from '../../src/clock.ts'
import { openPredictionLog } from '../../src/serve/index.ts'

const [folder] = process.argv.slice(2)
const log = await openPredictionLog({ folder: folder!, clock: systemClock(), rollBytes: 20_000 })
const contract = await log.keepContract({
  format: 1,
  project: 'world',
  moment: 'quote',
  model: 'late',
  key: [{ name: 'quote_id', type: 'string' }],
  entities: [],
  request: [],
  features: [],
  derived: [],
})
const slots = {
  contract,
  key: [{ slot: 0, type: 'string' as const }],
  entities: [],
  request: [],
  features: [],
  derived: [],
}
const facts = {
  deployment: 'late-quote',
  item: null,
  at: Date.now(),
  asOf: {},
  tables: {},
  output: { probability: 0.5 },
  version: 'late:1',
  arm: 'champion' as const,
  action: null,
  propensity: null,
  parent: null,
  group: null,
  answeredBy: 'champion' as const,
  reason: null,
  detail: null,
  latency: { waitMs: 0, lookupMs: 0, deriveMs: 0, modelMs: 0 },
  manifest: 'cc',
}

async function caller(name: number): Promise<never> {
  for (let i = 0; ; i++) {
    const { ids, durable } = log.append([{ slots, facts, values: { values: [`${name} ${i}`], statuses: [] } }])
    if (await durable) process.stdout.write(`${ids[0]}\n`)
  }
}
for (let name = 0; name < 16; name++) void caller(name)
