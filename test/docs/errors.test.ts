// Goal: the reference of errors is the table of errors. Method: the page is made from the table; `npm run docs` writes it.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { errorTable } from '../../src/errors.ts'

const path = fileURLToPath(new URL('../../docs/reference/errors.md', import.meta.url))

const page = [
  '# Errors',
  '',
  'Every error that a user can meet: on the wire as `{"error":{"code","message","hint","path"}}`, on the command line as message,',
  'place and mend. The message and the hint of a case say more than the sentences here. A retired code is never used again.',
  '',
  '| code | status | what happened | how to mend it |',
  '|---|---|---|---|',
  ...Object.entries(errorTable).map(
    ([code, { status, what, mend }]) => `| <a id="${code}"></a>\`${code}\` | ${status} | ${what} | ${mend} |`,
  ),
  '',
].join('\n')

if (process.env.UPDATE_DOCS === '1') writeFileSync(path, page)

describe('docs/reference/errors.md', () => {
  it('says what the table says', () => {
    expect(readFileSync(path, 'utf8')).toBe(page)
  })

  it('finds codes in alphabetical order, as the table keeps them', () => {
    const codes = Object.keys(errorTable)
    expect(codes).toEqual([...codes].sort())
  })

  it('finds a sentence and a mend for each', () => {
    for (const [code, { what, mend }] of Object.entries(errorTable)) {
      expect(what, code).toMatch(/^([A-Z]|noonmark\.lock).*\.$/s)
      expect(mend, code).toMatch(/^[A-Z`].*[.`]$/s)
    }
  })
})
