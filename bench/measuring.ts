/** What the benchmarks share: their options, processes with their times, Python beside us, and the report that each leaves. */
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'

/** The checkout. */
export const root = fileURLToPath(new URL('..', import.meta.url))
/** The `noonmark` of the checkout. */
export const noonmark = join(root, 'bin/noonmark.js')

/** `--json <file>`: put the report into this file, beside those of other questions. `--small`: less of everything, to try it out. */
export const options = parseArgs({
  options: { json: { type: 'string' }, small: { type: 'boolean', default: false } },
  allowPositionals: true,
  strict: false,
}).values as { readonly json?: string; readonly small: boolean } // as declared beside

/** One table of a report. */
export interface BenchTable {
  readonly caption: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

/** What a benchmark found. */
export interface BenchReport {
  readonly title: string
  /** The sentence that it answers. */
  readonly asks: string
  /** Days as YYYY-MM-DD. */
  readonly date: string
  readonly small: boolean
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGiB: number; readonly load: number }
  readonly versions: Readonly<Record<string, string>>
  readonly tables: readonly BenchTable[]
  readonly notes: readonly string[]
}

/** A file of reports by question. */
export interface BenchFile {
  readonly format: 1
  readonly questions: Readonly<Record<string, BenchReport>>
}

const loadAtStart = loadavg()[0]!

/** Prints a report and puts it where `--json` says. */
export async function report(
  question: string,
  found: Pick<BenchReport, 'title' | 'asks' | 'versions' | 'tables' | 'notes'>,
): Promise<void> {
  const whole: BenchReport = {
    ...found,
    versions: { node: process.versions.node, ...found.versions },
    date: new Date().toISOString().slice(0, 10),
    small: options.small,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      load: Math.round(loadAtStart * 10) / 10,
    },
  }
  for (const table of whole.tables) {
    console.log(`\n${table.caption}`)
    console.table(table.rows.map((row) => Object.fromEntries(row.map((cell, at) => [table.columns[at]!, cell]))))
  }
  for (const note of whole.notes) console.log(note)
  if (options.json === undefined) return
  const text = await readFile(options.json, 'utf8').catch(() => '{"format":1,"questions":{}}')
  const { questions }: BenchFile = JSON.parse(text)
  const file: BenchFile = { format: 1, questions: { ...questions, [question]: whole } }
  await writeFile(options.json, `${JSON.stringify(file, null, 2)}\n`)
}

/** A process that ended: how long it took, and what it and its children had of the processors. */
export interface Timed {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly stdout: string
}

const run = promisify(execFile)

/** Runs a program to its end and measures it. Throws what it wrote to standard error where it fails. */
export async function timed(
  command: string,
  words: readonly string[],
  given: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>>; readonly limitMs?: number } = {},
): Promise<Timed> {
  const script = 'TIMEFORMAT="%R %U %S"; time "$@"'
  const { stdout, stderr } = await run('bash', ['-c', script, 'bash', command, ...words], {
    cwd: given.cwd,
    env: { ...process.env, ...given.env },
    timeout: given.limitMs ?? 600_000,
    maxBuffer: 2 ** 26,
  })
  const [seconds = 0, user = 0, system = 0] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number)
  return { seconds, cpuSeconds: user + system, stdout }
}

/** The Python of an environment with these packages, kept in the temporary folder of the machine for the next time. */
export async function pythonWith(packages: readonly string[]): Promise<string> {
  const name = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12)
  const folder = join(tmpdir(), `noonmark-bench-${name}`)
  const python = join(folder, 'bin/python')
  if (existsSync(join(folder, 'complete'))) return python
  await rm(folder, { recursive: true, force: true })
  console.log(`installing ${packages.join(', ')} into ${folder}`)
  await run('python3', ['-m', 'venv', folder])
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], {
    maxBuffer: 2 ** 26,
  })
  await writeFile(join(folder, 'complete'), '')
  return python
}

/** The versions of packages in an environment. */
export function packageVersions(python: string, packages: readonly string[]): Record<string, string> {
  const script = `import importlib.metadata as m, json; print(json.dumps({n: m.version(n) for n in ${JSON.stringify(packages)}}))`
  return JSON.parse(execFileSync(python, ['-c', script], { encoding: 'utf8' }))
}

/** A new folder for the data of a benchmark. */
export async function scratch(name: string): Promise<string> {
  const folder = join(tmpdir(), `noonmark-bench-${name}-${process.pid}`)
  await mkdir(folder, { recursive: true })
  return folder
}

/** The middle one; of two the smaller. */
export function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[(values.length - 1) >> 1]!
}

/** For people: three digits. */
export const digits = (value: number): number => Number(value.toPrecision(3))
/** How many times as long as the other. */
export const ratio = (ours: number, theirs: number): string => `${(ours / theirs).toFixed(2)} x`
