import { noonmarkError } from '../../errors.ts'

/** What one numeric parameter of a trainer may be. */
export interface NumberParameter {
  readonly default: number
  readonly min: number
  readonly max: number
  /** The smallest value itself is refused. */
  readonly above?: true
  readonly whole?: true
  readonly meaning: string
}

/** A parameter that is one of a few words. */
export interface ChoiceParameter {
  readonly default: string
  readonly choices: readonly string[]
  readonly meaning: string
}

/** The parameters of a trainer by name; command line and reference pages are made from it. */
export type ParameterTable = Readonly<Record<string, NumberParameter | ChoiceParameter>>

/** The values that belong to a table: its words for choices, a number for the rest. */
export type ParameterValues<Table extends ParameterTable> = {
  readonly [Name in keyof Table]: Table[Name] extends { readonly choices: readonly (infer Word)[] } ? Word : number
}

/**
 * Fills in defaults. Throws `parameter_invalid` for a name that the trainer does not have (naming those it has) and for a
 * value out of range.
 */
export function resolveParameters<Table extends ParameterTable>(
  trainer: string,
  table: Table,
  given: Readonly<Record<string, unknown>> = {},
): ParameterValues<Table> {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(table, name)) continue
    throw noonmarkError('parameter_invalid', {
      message: `${trainer} has no parameter "${name}".`,
      hint: `Its parameters are ${Object.keys(table).join(', ')}.`,
      path: name,
    })
  }
  const values: Record<string, number | string> = {}
  for (const [name, parameter] of Object.entries(table)) {
    const value = given[name] ?? parameter.default
    const allowed = 'choices' in parameter ? choiceFault(parameter, value) : rangeFault(parameter, value)
    if (allowed !== undefined) {
      throw noonmarkError('parameter_invalid', {
        message: `The parameter "${name}" of ${trainer} is ${JSON.stringify(value)}; it must be ${allowed}.`,
        hint: `${name}: ${parameter.meaning}`,
        path: name,
      })
    }
    values[name] = value as number | string // one of the two checks above has seen its type
  }
  return values as ParameterValues<Table> // every name of the table was given a value of its kind
}

function choiceFault({ choices }: ChoiceParameter, value: unknown): string | undefined {
  return choices.some((choice) => choice === value) ? undefined : `one of ${choices.join(', ')}`
}

function rangeFault({ min, max, above, whole }: NumberParameter, value: unknown): string | undefined {
  const fits =
    typeof value === 'number' &&
    (above ? value > min : value >= min) &&
    value <= max &&
    (whole === undefined || Number.isInteger(value))
  if (fits) return undefined
  const upTo = max === Number.MAX_VALUE ? '' : ` and at most ${max}`
  return `a ${whole ? 'whole ' : ''}number ${above ? 'above' : 'of at least'} ${min}${upTo}`
}
