/** What a piece of TypeScript is, as far as its color goes. */
export type TokenKind = 'keyword' | 'text' | 'number' | 'comment' | 'call' | 'property' | 'name' | 'sign' | 'space'

/** A piece of source code; the pieces of a text, joined, are the text. */
export interface Token {
  readonly kind: TokenKind
  readonly text: string
}

const keywords = new Set(
  (
    'as async await break case catch class const continue default delete do else enum export extends false finally for from ' +
    'function if import in instanceof interface let new null of return satisfies static switch this throw true try type ' +
    'typeof undefined var void while yield'
  ).split(' '),
)

// Tried in this order at every place. A regular expression of the user reads as signs, which is good enough for colors.
const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ['comment', /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y],
  ['text', /'(?:\\[\s\S]|[^'\\\n])*'?|"(?:\\[\s\S]|[^"\\\n])*"?|`(?:\\[\s\S]|[^`\\])*`?/y],
  ['number', /(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]+)?(?:[eE][+-]?\d+)?)n?/y],
  ['name', /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy],
  ['space', /\s+/y],
]

/** TypeScript taken apart for coloring; any text is accepted and nothing of it is lost. */
export function typescriptTokens(code: string): Token[] {
  const tokens: Token[] = []
  for (let place = 0; place < code.length; ) {
    const token = tokenAt(code, place)
    tokens.push(token)
    place += token.text.length
  }
  return tokens
}

function tokenAt(code: string, place: number): Token {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = place
    const text = pattern.exec(code)?.[0]
    if (text === undefined || text === '') continue
    return { kind: kind === 'name' ? nameKind(code, text, place) : kind, text }
  }
  return { kind: 'sign', text: code[place]! } // `place` is within the text
}

function nameKind(code: string, name: string, place: number): TokenKind {
  const before = code[place - 1]
  const rest = code.slice(place + name.length, place + name.length + 80)
  // A key may be called like a word of the language: `{ from: ... }`.
  const isKey = before !== '.' && /^\s*:[^:]/.test(rest)
  if (isKey && /[{,]\s*$/.test(code.slice(Math.max(0, place - 40), place))) return 'property'
  if (before !== '.' && keywords.has(name)) return 'keyword'
  if (/^\s*(?:<[^<>()]*>\s*)?\(/.test(rest)) return 'call'
  return isKey ? 'property' : 'name'
}
