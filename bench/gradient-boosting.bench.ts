/**
 * How long does our gradient boosting take beside LightGBM's, for models that are equally good? Run: `node bench/gradient-boosting.bench.ts`.
 * 300,000 rows of 20 columns, 100 trees of 31 leaves, learning rate 0.1, 255 bins; the same rows in one file of doubles. Measured from
 * columns in memory to the finished model, binning included; each in processes of its own, in turns, the median of three.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { predictBatch } from '../src/artifact/index.ts'
import { columnValues, type LabelledMatrix, numberColumn } from '../src/train/matrix.ts'
import { areaUnderCurve } from '../src/train/metrics/auc.ts'
import { trainGradientBoosting } from '../src/train/trainers/gradient-boosting.ts'
import { Random } from '../src/train/trainers/gradient-boosting-random.ts'
import { digits, median, options, packageVersions, pythonWith, ratio, report, scratch, timed } from './measuring.ts'

const columns = 20
const testRows = 100_000
const file = fileURLToPath(import.meta.url)

interface Fit {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly auc: number
}

if (process.argv[2] === 'fit') console.log(JSON.stringify(await fit(process.argv[3]!, Number(process.argv[4]))))
else await compare(options.small ? 50_000 : 300_000, options.small ? 1 : 3)

/** One training in this process. */
async function fit(path: string, threads: number): Promise<Fit> {
  const bytes = readFileSync(path)
  const values = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8)
  const all = values.length / (columns + 1)
  const rows = all - testRows
  const part = (from: number, to: number): LabelledMatrix => {
    const column = (at: number) => values.slice(at * all + from, at * all + to)
    const named = Array.from({ length: columns }, (_, at) => numberColumn(`x${at}`, column(at)))
    return { matrix: { rows: to - from, columns: named }, labels: Uint8Array.from(column(columns)) }
  }
  const [training, test] = [part(0, rows), part(rows, all)]
  const before = process.cpuUsage()
  const started = performance.now()
  const parameters = { trees: 100, leaves: 31, learning_rate: 0.1, bins: 255, l2: 0 }
  const { artifact } = await trainGradientBoosting({ training, parameters, threads })
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(before)
  const found = predictBatch(artifact, columnValues(test.matrix), testRows)
  return { seconds, cpuSeconds: (user + system) / 1e6, auc: areaUnderCurve(test.labels, found)! }
}

/** Rows whose label depends on products, steps and a few columns that are often missing; half of the columns say nothing. */
function generate(rows: number): Float64Array {
  const random = new Random(1)
  const values = new Float64Array(rows * (columns + 1))
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
  for (let row = 0; row < rows; row++) {
    const x = Array.from({ length: columns }, normal)
    const score = x[0]! * x[1]! + Math.sin(2 * x[2]!) + (x[3]! > 0.5 ? 1 : -0.5) + 0.5 * x[4]! - 0.3 * x[5]! * x[6]!
    for (let column = 0; column < columns; column++) {
      values[column * rows + row] = column % 4 === 3 && random.next() < 0.1 ? Number.NaN : x[column]!
    }
    values[columns * rows + row] = random.next() < 1 / (1 + Math.exp(-score)) ? 1 : 0
  }
  return values
}

async function compare(rows: number, rounds: number): Promise<void> {
  const packages = ['lightgbm', 'numpy', 'scikit-learn']
  const python = await pythonWith(packages)
  const folder = await scratch('gradient-boosting')
  try {
    const path = join(folder, 'rows.f64')
    writeFileSync(path, generate(rows + testRows))
    const script = fileURLToPath(new URL('lightgbm-fit.py', import.meta.url))
    const table: (string | number)[][] = []
    for (const threads of [1, 2]) {
      const [ours, theirs]: [Fit[], Fit[]] = [[], []]
      for (let round = 0; round < rounds; round++) {
        ours.push(JSON.parse((await timed(process.execPath, [file, 'fit', path, String(threads)])).stdout))
        theirs.push(JSON.parse((await timed(python, [script, path, String(threads)])).stdout))
      }
      const of = (fits: Fit[], what: 'seconds' | 'cpuSeconds') => median(fits.map((one) => one[what]))
      for (const [name, fits] of [
        ['Noonmark', ours],
        ['LightGBM', theirs],
      ] as const) {
        const [seconds, cpuSeconds] = [of(fits, 'seconds'), of(fits, 'cpuSeconds')]
        const beside = [ratio(seconds, of(theirs, 'seconds')), ratio(cpuSeconds, of(theirs, 'cpuSeconds'))]
        table.push([
          threads,
          name,
          digits(seconds),
          beside[0]!,
          digits(cpuSeconds),
          beside[1]!,
          fits[0]!.auc.toFixed(4),
        ])
      }
    }
    await report('gradient-boosting', {
      title: 'Gradient boosting',
      asks: 'How long does our gradient boosting take beside LightGBM, for models that are equally good?',
      versions: packageVersions(python, ['lightgbm']),
      tables: [
        {
          caption: `${rows.toLocaleString('en')} rows x ${columns} columns, 100 trees of 31 leaves; from columns in memory to the model`,
          columns: ['threads', 'trainer', 'seconds', 'to LightGBM', 'CPU seconds', 'CPU to LightGBM', 'AUC'],
          rows: table,
        },
      ],
      notes: [
        `AUC over ${testRows.toLocaleString('en')} other rows. Our model is the same to the byte with one thread and two.`,
      ],
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
