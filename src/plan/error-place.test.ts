import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatPlace, placeOfError } from './error-place.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'noonmark-place-'))
  await writeFile(
    join(folder, 'a.ts'),
    `import { source } from 'noonmark'

export const other = source('other', { columns: { amount: float() } })

export const visits = source(
  'visits',
  {
    history: 'data/visits.csv',
    columns: {
      amount_total: float(),
      amount: float(),
    },
  },
)
`,
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const unknown = { file: null, line: null, column: null, definition: null, field: null }
const cases: readonly [path: string | undefined, place: Partial<Awaited<ReturnType<typeof placeOfError>>>][] = [
  [undefined, {}],
  ['a.ts:3:7', { file: 'a.ts', line: 3, column: 7, definition: 'source other' }],
  ['a.ts:2', { file: 'a.ts', line: 2 }],
  ['a.ts:10 > amount_total', { file: 'a.ts', line: 10, definition: 'source visits', field: 'amount_total' }],
  ['a.ts:3 > source other > history', { file: 'a.ts', line: 3, definition: 'source other', field: 'history' }],
  ['a.ts > source visits', { file: 'a.ts', line: 5, definition: 'source visits' }],
  [
    'a.ts > source visits > columns.amount',
    { file: 'a.ts', line: 11, definition: 'source visits', field: 'columns.amount' },
  ],
  ['a.ts > source visits > history', { file: 'a.ts', line: 8, definition: 'source visits', field: 'history' }],
  ['a.ts > source visits > gone', { file: 'a.ts', line: 5, definition: 'source visits', field: 'gone' }],
  ['a.ts > source gone > history', { file: 'a.ts', definition: 'source gone', field: 'history' }],
  ['source visits > columns.amount', { definition: 'source visits', field: 'columns.amount' }],
]

describe('the place of an error', () => {
  it.each(cases)('of %s', async (path, place) => {
    expect(await placeOfError({ path }, folder)).toEqual({ ...unknown, ...place })
  })

  it('reads as it is told', async () => {
    expect(formatPlace(await placeOfError({ path: 'a.ts > source visits > columns.amount' }, folder))).toBe(
      'a.ts:11 > source visits > columns.amount',
    )
    expect(formatPlace(await placeOfError({ path: undefined }, folder))).toBe('')
  })
})
