/**
 * How long does a point-in-time training set take, beside SQL written by hand and beside Feast? Run: `node bench/training-set.bench.ts`.
 * Each is a process from its start to a Parquet file: `noonmark dataset build --out`, Python with DuckDB, Python with Feast on its
 * DuckDB store. The SQL has our windows, so that counts and sums must be equal; Feast takes a fact of the same instant as known.
 */
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  digits,
  noonmark,
  options,
  packageVersions,
  pythonWith,
  ratio,
  report,
  root,
  scratch,
  type Timed,
  timed,
} from './measuring.ts'

const script = fileURLToPath(new URL('training-set.py', import.meta.url))
const scale = options.small ? 0.1 : 1
/** Rows of facts, moments, entities: many short histories, and few long ones. */
const shapes = [
  { name: 'many short histories', facts: 2_000_000 * scale, moments: 200_000 * scale, entities: 20_000 * scale },
  { name: 'few long histories', facts: 1_000_000 * scale, moments: 50_000 * scale, entities: 200 },
] as const
const latest = ['v1', 'v2', 'v3', 'v4']
const windows = ['1h', '1d', '7d'].flatMap((window) => [`count_${window}`, `sum_${window}`])

const definitions = `
import { count, entity, featureView, float, int, latest, moment, source, sum, timestamp } from 'noonmark'

export const thing = entity('thing', { key: { entity: int() } })
export const facts = source('facts', {
  history: 'facts.parquet',
  columns: { entity: int(), v1: float(), v2: float(), v3: float(), v4: float(), event_ts: timestamp() },
  eventTime: 'event_ts',
  timeZone: 'UTC',
})
export const newest = featureView('newest', {
  entity: thing,
  source: facts,
  features: (row) => ({ ${latest.map((name) => `${name}: latest(row.${name})`).join(', ')} }),
})
export const windows = featureView('windows', {
  entity: thing,
  source: facts,
  features: (row) => ({
    ${['1h', '1d', '7d'].map((w) => `count_${w}: count(row.v1).over('${w}'), sum_${w}: sum(row.v1).over('${w}')`).join(',\n    ')},
  }),
})
export const moments = source('moments', {
  history: 'moments.parquet',
  columns: { id: int(), entity: int(), ts: timestamp() },
  eventTime: 'ts',
  timeZone: 'UTC',
})
export const asking = moment('asking', { source: moments, key: { id: int() }, entities: { entity: thing } })
`

const sqlPython = await pythonWith(['duckdb'])
const feastPython = await pythonWith(['feast[duckdb]'])
const folder = await scratch('training-set')
try {
  const rows: (string | number)[][] = []
  for (const shape of shapes) {
    const place = join(folder, shape.name.replaceAll(' ', '-'))
    await mkdir(join(place, 'features'), { recursive: true })
    await writeFile(join(place, 'package.json'), '{ "type": "module" }\n')
    await writeFile(
      join(place, 'noonmark.config.ts'),
      `import { defineConfig } from 'noonmark'\nexport default defineConfig({ project: 'bench' })\n`,
    )
    await writeFile(join(place, 'features/facts.ts'), definitions)
    await symlink(join(root, 'node_modules'), join(place, 'node_modules'))
    await timed(sqlPython, [script, 'make', place, ...[shape.facts, shape.moments, shape.entities].map(String)])
    const isMany = shape === shapes[0]
    const newest: Compared[] = [
      { name: 'Noonmark', run: () => ours(place, 'newest'), file: 'newest.parquet' },
      { name: 'SQL: ASOF join', run: () => theirs(sqlPython, 'latest-sql', place), file: 'latest-sql.parquet' },
      { name: 'Feast', run: () => theirs(feastPython, 'latest-feast', place), file: 'latest-feast.parquet' },
    ]
    const summed: Compared[] = [
      { name: 'Noonmark', run: () => ours(place, 'windows'), file: 'windows.parquet' },
      { name: 'SQL: range join', run: () => theirs(sqlPython, 'windows-join', place), file: 'windows-join.parquet' },
      { name: 'SQL: running sums', run: () => theirs(sqlPython, 'windows-sums', place), file: 'windows-sums.parquet' },
    ]
    if (isMany) rows.push(...(await compare('latest of 4 columns', shape, place, newest, latest)))
    rows.push(...(await compare('count, sum over 1h, 1d, 7d', shape, place, summed, windows)))
  }
  await report('training-set', {
    title: 'Training sets',
    asks: 'How long does a point-in-time training set take, beside SQL written by hand and beside Feast?',
    versions: { ...packageVersions(sqlPython, ['duckdb']), ...packageVersions(feastPython, ['feast']) },
    tables: [
      {
        caption: 'from the start of a process to a Parquet file',
        columns: [
          'features',
          'facts, moments, entities',
          'with',
          'seconds',
          'Noonmark to it',
          'CPU seconds',
          'CPU, Noonmark to it',
          'values',
        ],
        rows,
      },
    ],
    notes: [
      '`values`: whether rows, counts of non-nulls and sums are those of Noonmark. Feast has no windows of its own.',
    ],
  })
} finally {
  await rm(folder, { recursive: true, force: true })
}

interface Compared {
  readonly name: string
  readonly file: string
  readonly run: () => Promise<Timed>
}

async function compare(
  what: string,
  shape: (typeof shapes)[number],
  place: string,
  compared: readonly Compared[],
  columns: readonly string[],
): Promise<(string | number)[][]> {
  const size = [shape.facts, shape.moments, shape.entities].map((count) => count.toLocaleString('en')).join(', ')
  const rows: (string | number)[][] = []
  let own: { timed: Timed; check: number[] } | undefined
  for (const { name, run, file } of compared) {
    const found = await run()
    const named = own === undefined ? columns.map((column) => `entity_${column}`) : columns
    const { stdout } = await timed(sqlPython, [script, 'check', join(place, file), named.join(',')])
    const check: number[] = JSON.parse(stdout)
    own ??= { timed: found, check }
    // Sums of doubles in another order: rounded, and equal but for the last unit.
    const same = check.every((value, at) => Math.abs(value - own!.check[at]!) <= 1)
    rows.push([
      what,
      `${shape.name}: ${size}`,
      name,
      digits(found.seconds),
      ratio(own.timed.seconds, found.seconds),
      digits(found.cpuSeconds),
      ratio(own.timed.cpuSeconds, found.cpuSeconds),
      same ? 'equal' : 'differ',
    ])
    console.log(rows.at(-1)!.join(' | '))
  }
  return rows
}

/** A training set of ours, in stores that have never seen it. */
async function ours(place: string, view: string): Promise<Timed> {
  await rm(join(place, '.noonmark'), { recursive: true, force: true })
  await timed(process.execPath, [noonmark, 'apply', '--yes'], { cwd: place })
  const out = join(place, `${view}.parquet`)
  const words = ['dataset', 'build', '--moment', 'asking', '--features', view, '--out', out]
  const found = await timed(process.execPath, [noonmark, ...words], { cwd: place })
  return found
}

async function theirs(python: string, work: string, place: string): Promise<Timed> {
  return timed(python, [script, work, place], { env: { FEAST_USAGE: 'False' } })
}
