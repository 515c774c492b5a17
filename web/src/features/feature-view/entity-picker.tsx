import { type FormEvent, useId, useState } from 'react'
import type { FeatureViewReport } from '../../../../src/http/reports.ts'
import { type EntityKey, entityName, entityText } from './entity-key.ts'

/** Chooses an entity: one of those that were predicted for lately, or any other by its key. */
export function EntityPicker(props: {
  readonly view: FeatureViewReport
  readonly entity: EntityKey | undefined
  readonly onEntity: (entity: string) => void
}) {
  const { view, entity, onEntity } = props
  const columns = view.entity.key.map(({ column }) => column)
  const text = entity === undefined ? '' : entityText(entity)
  return columns.length === 1 ? (
    <OneColumn key={text} view={view} text={text} onEntity={onEntity} />
  ) : (
    <Columns key={text} view={view} columns={columns} entity={entity} onEntity={onEntity} />
  )
}

const control = 'rounded-lg border border-line-strong bg-surface px-2 py-1 text-sm text-ink'

function OneColumn(props: {
  readonly view: FeatureViewReport
  readonly text: string
  readonly onEntity: (entity: string) => void
}) {
  const { view, text, onEntity } = props
  const [written, setWritten] = useState(text)
  const list = useId()
  const known = view.examples.map(({ entity }) => entityText(entity))
  const choose = (value: string): void => {
    setWritten(value)
    // One of the list is meant as soon as it is there; another when it is done.
    if (known.includes(value) && value !== text) onEntity(value)
  }
  const done = (): void => {
    if (written.trim() !== '' && written.trim() !== text) onEntity(written.trim())
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        done()
      }}
    >
      <label className="flex items-center gap-2 text-xs text-muted">
        {view.entity.key[0]?.column}
        <input
          list={list}
          value={written}
          onChange={(event) => choose(event.target.value)}
          onBlur={done}
          onFocus={(event) => event.target.select()}
          autoComplete="off"
          spellCheck={false}
          placeholder="key"
          className={`${control} w-28`}
        />
      </label>
      <datalist id={list}>
        {view.examples.map(({ entity, predictions }) => (
          <option key={entityText(entity)} value={entityText(entity)}>
            {predictions} predictions
          </option>
        ))}
      </datalist>
    </form>
  )
}

function Columns(props: {
  readonly view: FeatureViewReport
  readonly columns: readonly string[]
  readonly entity: EntityKey | undefined
  readonly onEntity: (entity: string) => void
}) {
  const { view, columns, entity, onEntity } = props
  const [written, setWritten] = useState<EntityKey>(entity ?? {})
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (columns.every((column) => (written[column] ?? '') !== '')) onEntity(entityText(written))
  }
  return (
    <form onSubmit={submit} className="flex flex-wrap items-center gap-2 text-xs text-muted">
      <label className="flex items-center gap-2">
        Lately
        <select value="" onChange={(event) => onEntity(event.target.value)} className={control}>
          <option value="" disabled>
            choose
          </option>
          {view.examples.map((example) => (
            <option key={entityText(example.entity)} value={entityText(example.entity)}>
              {entityName(example.entity)}
            </option>
          ))}
        </select>
      </label>
      {columns.map((column) => (
        <label key={column} className="flex items-center gap-1.5">
          {column}
          <input
            value={written[column] ?? ''}
            onChange={(event) => setWritten((before) => ({ ...before, [column]: event.target.value }))}
            autoComplete="off"
            className={`${control} w-24`}
          />
        </label>
      ))}
      <button type="submit" className="rounded-lg border border-line-strong px-2 py-1 text-sm font-medium text-ink">
        Show
      </button>
    </form>
  )
}
