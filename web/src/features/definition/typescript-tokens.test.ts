import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { typescriptTokens } from './typescript-tokens.ts'

const kinds = (code: string): string[] =>
  typescriptTokens(code)
    .filter(({ kind }) => kind !== 'space')
    .map(({ kind, text }) => `${kind} ${text}`)

describe('tokens of TypeScript', () => {
  it('lose nothing of any text', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom("'", '"', '`', '//', '/*', '*/', '\\', '\n', '1e', '0x', 'é', '.5', 'const'),
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const code = pieces.join('')
        expect(
          typescriptTokens(code)
            .map(({ text }) => text)
            .join(''),
        ).toBe(code)
      }),
    )
  })

  it('tell words of the language, texts, numbers, calls and properties apart', () => {
    expect(kinds("export const a = view('x', { key: 1.5e3, // why\n})")).toEqual([
      'keyword export',
      'keyword const',
      'name a',
      'sign =',
      'call view',
      'sign (',
      "text 'x'",
      'sign ,',
      'sign {',
      'property key',
      'sign :',
      'number 1.5e3',
      'sign ,',
      'comment // why',
      'sign }',
      'sign )',
    ])
  })

  it('take a property for what it is, though it is called like a word of the language', () => {
    expect(kinds('row.from.gte(15)')).toEqual([
      'name row',
      'sign .',
      'name from',
      'sign .',
      'call gte',
      'sign (',
      'number 15',
      'sign )',
    ])
    expect(kinds('{ from: 1,\n  default: 2 }').filter((kind) => /^(?:property|keyword)/.test(kind))).toEqual([
      'property from',
      'property default',
    ])
  })
})
