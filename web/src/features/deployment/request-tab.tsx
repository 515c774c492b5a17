import { useMutation } from '@tanstack/react-query'
import { Send } from 'lucide-react'
import { type FormEvent, useId, useState } from 'react'
import type { DeploymentReport } from '../../../../src/http/reports.ts'
import { isApiError, request } from '../../api/client.ts'
import type { MomentAnswer } from '../../api/predictions.ts'
import { formatFixed, formatMilliseconds } from '../../format/number.ts'
import { formatInstant } from '../../format/time.ts'
import {
  Badge,
  Button,
  Card,
  ErrorState,
  Prose,
  ScrollRegion,
  Stat,
  TextLink,
  toneOf,
  VersionLink,
} from '../../ui/index.ts'
import { fieldTexts, type RequestField, requestFields, rowOf } from './request-fields.ts'

interface Answered {
  readonly answer: MomentAnswer
  readonly tookMs: number
}

/** A form that sends a request as an application would, and shows the answer. */
export function RequestTab({ report }: { readonly report: DeploymentReport }) {
  const { name, moment, request: form } = report
  const fields = requestFields(form.schema)
  const [texts, setTexts] = useState(() => fieldTexts(fields, form.example))
  const row = rowOf(fields, texts)
  const send = useMutation({
    mutationFn: async (body: Record<string, unknown>): Promise<Answered> => {
      const from = performance.now()
      const answer = await request<MomentAnswer>(form.path, { method: 'POST', body })
      return { answer, tookMs: performance.now() - from }
    },
  })
  const failedField = isApiError(send.error) ? send.error.path : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    send.mutate(row)
  }
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Card
        title={`A row at the moment ${moment}`}
        over={form.example_of === null ? undefined : 'filled from a recent prediction'}
      >
        <form onSubmit={submit} className="space-y-3" noValidate>
          {fields.map((field) => (
            <Field
              key={field.name}
              field={field}
              value={texts[field.name] ?? ''}
              failed={failedField === field.name}
              onChange={(text) => setTexts((before) => ({ ...before, [field.name]: text }))}
            />
          ))}
          <div className="flex flex-wrap items-center gap-x-4 gap-y-2 pt-1">
            <Button type="submit" kind="primary" disabled={send.isPending}>
              <Send size={15} aria-hidden />
              {send.isPending ? 'Sending…' : 'Send'}
            </Button>
            <p className="text-xs text-faint">A real request: it is answered, logged and measured like any other.</p>
          </div>
        </form>
        <details className="mt-4 text-xs text-muted">
          <summary className="w-fit rounded hover:text-ink">As a command</summary>
          <ScrollRegion label="The request as a command" className="mt-2 rounded-lg bg-sunken p-3">
            <pre className="font-mono text-ink">{commandOf(form.path, row)}</pre>
          </ScrollRegion>
        </details>
      </Card>
      <div aria-live="polite" className="space-y-4">
        {send.error === null ? null : <ErrorState error={send.error} />}
        {send.data === undefined ? (
          send.error === null ? (
            <Card title="Answer">
              <p className="text-sm text-muted">
                All deployments of the moment answer; <Prose text={`\`${name}\``} /> stands first.
              </p>
            </Card>
          ) : null
        ) : (
          <AnswerCards answered={send.data} deployment={name} />
        )}
      </div>
    </div>
  )
}

function Field(props: {
  readonly field: RequestField
  readonly value: string
  readonly failed: boolean
  readonly onChange: (text: string) => void
}) {
  const { field, value, failed, onChange } = props
  const { name, kind, required, description } = field
  const id = useId()
  const shape = `w-full rounded-lg border bg-surface px-3 py-1.5 text-sm ${failed ? 'border-bad' : 'border-line-strong'}`
  const described = description === null ? undefined : `${id}-description`
  return (
    <div>
      <label htmlFor={id} className="mb-1 flex items-baseline gap-2 text-sm font-medium">
        {name}
        {required ? null : <span className="text-xs font-normal text-faint">optional</span>}
      </label>
      {kind === 'boolean' ? (
        <select
          id={id}
          value={value}
          aria-describedby={described}
          onChange={(event) => onChange(event.target.value)}
          className={shape}
        >
          <option value="">not given</option>
          <option value="true">true</option>
          <option value="false">false</option>
        </select>
      ) : (
        <input
          id={id}
          value={value}
          aria-describedby={described}
          aria-invalid={failed}
          inputMode={kind === 'number' ? 'decimal' : 'text'}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
          className={`${shape} ${kind === 'json' ? 'font-mono' : ''}`}
        />
      )}
      {description === null ? null : (
        <p id={described} className="mt-0.5 text-xs text-faint">
          {description}
        </p>
      )}
    </div>
  )
}

function AnswerCards({
  answered: { answer, tookMs },
  deployment,
}: {
  readonly answered: Answered
  readonly deployment: string
}) {
  const results = Object.entries(answer.results).sort(([a], [b]) => Number(b === deployment) - Number(a === deployment))
  return (
    <>
      {results.map(([name, { output, model_version, answered_by, reason, prediction_id, logged }]) => (
        <Card key={name} title={`Answer of ${name}`} actions={<Badge tone={toneOf(answered_by)}>{answered_by}</Badge>}>
          <div className="grid grid-cols-2 gap-4">
            <Stat
              label={output === null ? 'Said' : Object.keys(output).join(', ')}
              value={
                output === null
                  ? 'nothing'
                  : Object.values(output)
                      .map((value) => formatFixed(value, 4))
                      .join(', ')
              }
              over={model_version === null ? 'no version took part' : <VersionLink version={model_version} />}
            />
            <Stat label="There and back" value={formatMilliseconds(tookMs)} over="of this browser's request" />
          </div>
          {reason === undefined ? null : (
            <p className="mt-3 text-sm text-warn">
              Reason: <code className="font-mono">{reason}</code>
            </p>
          )}
          <p className="mt-3 text-xs text-faint">
            As of {formatInstant(answer.as_of)} UTC ·{' '}
            {logged ? (
              <TextLink to="/predictions/$id" params={{ id: prediction_id }}>
                the logged record
              </TextLink>
            ) : (
              'not in the log'
            )}
          </p>
        </Card>
      ))}
    </>
  )
}

function commandOf(path: string, row: Record<string, unknown>): string {
  const body = JSON.stringify(row).replaceAll("'", "'\\''")
  return `curl ${location.origin}${path} \\\n  -H 'content-type: application/json' \\\n  -d '${body}'`
}
