// Goal: the page of benchmarks has the figures that were measured. Method: write them again and compare.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { withFigures } from '../../bench/to-docs.ts'

const docs = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8')

it('docs/benchmarks.md is what `node bench/to-docs.ts` makes of docs/benchmarks.json', () => {
  const page = docs('benchmarks.md')
  expect(withFigures(page, JSON.parse(docs('benchmarks.json')))).toBe(page)
})
