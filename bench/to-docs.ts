/** Writes the figures of docs/benchmarks.json, where `--json` put them, into docs/benchmarks.md. Run: `node bench/to-docs.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BenchFile, BenchReport, BenchTable } from './measuring.ts'

const docs = fileURLToPath(new URL('../docs/', import.meta.url))
const begin = '<!-- figures: written by `node bench/to-docs.ts` from docs/benchmarks.json -->'
const end = '<!-- end of figures -->'
/** The order of the page. */
const questions = ['training-set', 'gradient-boosting', 'prediction-rate', 'dev-start']

/** The page with the figures that the file holds. */
export function withFigures(page: string, { questions: reports }: BenchFile): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error('docs/benchmarks.md has lost the marks between which figures stand.')
  const known = questions.flatMap((question) => (reports[question] ? [section(question, reports[question])] : []))
  const text = known.length === 0 ? 'Nothing has been measured yet.\n' : known.join('\n')
  return `${page.slice(0, from)}${begin}\n${text}${page.slice(to)}`
}

function section(
  question: string,
  { title, asks, date, small, machine, versions, tables, notes }: BenchReport,
): string {
  const { cpu, cores, memoryGiB, load } = machine
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `## ${title}\n`,
    `${asks} \`node bench/${question}.bench.ts\`\n`,
    ...tables.map(markdown),
    ...notes.map((note) => `${note}\n`),
    `${date}${small ? ', a small run' : ''}; ${cores} x ${cpu}, ${memoryGiB} GiB, load ${load} at the start; ${names.join(', ')}.\n`,
  ].join('\n')
}

function markdown({ caption, columns, rows }: BenchTable): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  const isNumber = columns.map((_, at) => rows.every((row) => typeof row[at] === 'number' || row[at] === ''))
  const rule = isNumber.map((right) => (right ? '--:' : '---'))
  return [`${caption}:\n`, line(columns), line(rule), ...rows.map(line), ''].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file: BenchFile = JSON.parse(readFileSync(`${docs}benchmarks.json`, 'utf8'))
  writeFileSync(`${docs}benchmarks.md`, withFigures(readFileSync(`${docs}benchmarks.md`, 'utf8'), file))
}
