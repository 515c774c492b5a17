import { useMemo } from 'react'
import type { DefinitionText } from '../../../../src/http/reports.ts'
import { type TokenKind, typescriptTokens } from './typescript-tokens.ts'

const colors: Partial<Readonly<Record<TokenKind, string>>> = {
  keyword: 'text-series-5',
  text: 'text-good',
  number: 'text-warn',
  comment: 'text-faint italic',
  call: 'text-accent',
  sign: 'text-muted',
}

/** A definition as its author wrote it, with the lines of its file. */
export function Definition({ definition }: { readonly definition: DefinitionText }) {
  const { file, line, text, from } = definition
  const tokens = useMemo(() => (from === 'project' ? typescriptTokens(text) : []), [from, text])
  const first = line ?? 1
  const count = text.split('\n').length
  return (
    <figure>
      <figcaption className="mb-2 text-xs text-faint">
        {file === null ? null : (
          <code className="font-mono text-muted">
            {file}
            {line === null ? '' : `:${line}`}
          </code>
        )}
        {from === 'manifest' ? ' As it stands in the manifest: its file cannot be read.' : ''}
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable */}
      <section aria-label="Source code" tabIndex={0} className="max-h-[34rem] overflow-auto rounded-lg bg-sunken">
        <div className="flex w-max min-w-full py-3 font-mono text-[0.8rem] leading-5">
          <div aria-hidden className="sticky left-0 bg-sunken px-3 text-right text-faint select-none">
            {Array.from({ length: count }, (_, index) => (
              <div key={index}>{first + index}</div>
            ))}
          </div>
          <pre className="pr-4">
            <code>
              {tokens.length === 0
                ? text
                : tokens.map(({ kind, text: part }, index) => (
                    <span key={index} className={colors[kind]}>
                      {part}
                    </span>
                  ))}
            </code>
          </pre>
        </div>
      </section>
    </figure>
  )
}
