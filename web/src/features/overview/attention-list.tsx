import { Link, type LinkProps } from '@tanstack/react-router'
import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react'
import type { Attention } from '../../../../src/http/reports.ts'
import { Card, Prose } from '../../ui/index.ts'

const severities = {
  critical: { icon: CircleAlert, tone: 'text-bad', word: 'Critical' },
  warning: { icon: TriangleAlert, tone: 'text-warn', word: 'Warning' },
  notice: { icon: Info, tone: 'text-muted', word: 'Notice' },
} as const

/** What a person should look at, the gravest first; a calm line where there is nothing. */
export function AttentionList({ items }: { readonly items: readonly Attention[] }) {
  if (items.length === 0) {
    return (
      <p className="flex items-center gap-2 text-sm text-muted">
        <CircleCheck size={17} className="text-good" aria-hidden />
        Nothing needs attention.
      </p>
    )
  }
  return (
    <Card title="Needs attention">
      <ul className="-my-1 divide-y divide-line">
        {items.map(({ severity, subject, message, hint }) => {
          const { icon: Icon, tone, word } = severities[severity]
          return (
            <li key={`${subject.kind} ${subject.name} ${message}`} className="flex gap-3 py-2.5 text-sm">
              <Icon size={17} className={`mt-0.5 shrink-0 ${tone}`} aria-label={word} role="img" />
              <div className="min-w-0">
                <p className="break-words">
                  <Subject subject={subject} /> <Prose text={message} />
                </p>
                {hint === '' ? null : (
                  <p className="text-muted">
                    <Prose text={hint} />
                  </p>
                )}
              </div>
            </li>
          )
        })}
      </ul>
    </Card>
  )
}

function Subject({ subject: { kind, name } }: { readonly subject: Attention['subject'] }) {
  const link = linkTo(kind, name)
  const text = `${kind.replace('-', ' ')} ${name}`
  if (link === null) return <span className="font-medium">{text}:</span>
  return (
    <Link {...link} className="font-medium text-accent underline-offset-4 hover:underline">
      {text}:
    </Link>
  )
}

function linkTo(kind: Attention['subject']['kind'], name: string): LinkProps | null {
  if (kind === 'deployment') return { to: '/deployments/$name', params: { name } }
  if (kind === 'model') return { to: '/models/$name', params: { name } }
  if (kind === 'feature-view') return { to: '/feature-views/$name', params: { name } }
  if (kind === 'run') return { to: '/runs/$id', params: { id: name } }
  return null
}
