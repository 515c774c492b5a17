import type { TrainerParameter } from '../../../../src/http/reports.ts'
import { classes } from '../../ui/index.ts'
import { rangeText } from './training-form.ts'

/** One field for each parameter of a trainer; what is left empty stays as the model declares it, or at its default. */
export function ParameterFields(props: {
  readonly parameters: readonly TrainerParameter[]
  /** Values of the model's definition. */
  readonly declared: Readonly<Record<string, unknown>>
  readonly values: Readonly<Record<string, string>>
  readonly faults: Readonly<Record<string, string>>
  readonly onChange: (name: string, value: string) => void
}) {
  const { parameters, declared, values, faults, onChange } = props
  return (
    <fieldset>
      <legend className="text-sm font-medium">Parameters</legend>
      <p className="mb-3 text-xs text-faint">
        Empty: as the model declares, else the default, which is what stands in gray.
      </p>
      <div className="grid gap-x-5 gap-y-3 sm:grid-cols-2">
        {parameters.map((parameter) => {
          const { name, meaning, choices } = parameter
          const stands = String(declared[name] ?? parameter.default)
          const fault = faults[name]
          const field = classes(
            'w-full rounded-lg border bg-surface px-2.5 py-1 text-sm text-ink placeholder:text-faint',
            fault === undefined ? 'border-line-strong' : 'border-bad',
          )
          return (
            <div key={name} className="grid grid-cols-[1fr_7.5rem] items-start gap-x-3 text-sm">
              <div className="min-w-0">
                <label htmlFor={`parameter-${name}`}>
                  <code className="font-mono text-xs font-medium">{name}</code>
                </label>
                {Object.hasOwn(declared, name) ? <span className="ml-1.5 text-2xs text-accent">declared</span> : null}
                <div
                  id={`meaning-${name}`}
                  className={classes('text-xs', fault === undefined ? 'text-faint' : 'text-bad')}
                >
                  {fault ?? `${meaning}; ${rangeText(parameter)}`}
                </div>
              </div>
              {choices === null ? (
                <input
                  id={`parameter-${name}`}
                  aria-describedby={`meaning-${name}`}
                  inputMode="decimal"
                  autoComplete="off"
                  value={values[name] ?? ''}
                  placeholder={stands}
                  aria-invalid={fault !== undefined}
                  onChange={(event) => onChange(name, event.target.value)}
                  className={field}
                />
              ) : (
                <select
                  id={`parameter-${name}`}
                  aria-describedby={`meaning-${name}`}
                  value={values[name] ?? ''}
                  onChange={(event) => onChange(name, event.target.value)}
                  className={field}
                >
                  <option value="">{stands}</option>
                  {choices
                    .filter((choice) => choice !== stands)
                    .map((choice) => (
                      <option key={choice}>{choice}</option>
                    ))}
                </select>
              )}
            </div>
          )
        })}
      </div>
    </fieldset>
  )
}
