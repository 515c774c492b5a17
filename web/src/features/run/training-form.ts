import type { TrainerParameter } from '../../../../src/http/reports.ts'
import { formatValue } from '../../format/number.ts'

/** What someone wrote into the fields of a training; empty is left out. */
export interface TrainingForm {
  /** The model's own where undefined. */
  readonly trainer: string | undefined
  readonly seed: string
  readonly from: string
  readonly to: string
  readonly parameters: Readonly<Record<string, string>>
}

export const emptyRequest: TrainingForm = { trainer: undefined, seed: '', from: '', to: '', parameters: {} }

/** `from 1 to 8,192, whole` */
export function rangeText({ min, max, above, whole, choices }: TrainerParameter): string {
  if (choices !== null) return `one of ${choices.join(', ')}`
  const least = `${above ? 'above' : 'from'} ${formatValue(min)}`
  return `${least}${max === null ? '' : ` to ${formatValue(max)}`}${whole ? ', whole' : ''}`
}

/** What is wrong with a form, by field; the server checks it all again. */
export function faultsOf(
  form: TrainingForm,
  parameters: readonly TrainerParameter[],
): Readonly<Record<string, string>> {
  const faults: Record<string, string> = {}
  if (form.seed.trim() !== '' && !/^\d{1,9}$/.test(form.seed.trim()))
    faults.seed = 'A whole number from 0 to 999,999,999.'
  for (const end of ['from', 'to'] as const) {
    if (form[end].trim() !== '' && instantOf(form[end]) === null)
      faults[end] = 'Not a time such as 2001-01-15 or 2001-01-15T06:00:00Z.'
  }
  for (const parameter of parameters) {
    const text = form.parameters[parameter.name]?.trim() ?? ''
    if (text !== '' && !fits(parameter, text)) faults[parameter.name] = `It must be ${rangeText(parameter)}.`
  }
  return faults
}

function fits({ min, max, above, whole, choices }: TrainerParameter, text: string): boolean {
  if (choices !== null) return choices.includes(text)
  const value = Number(text)
  if (!Number.isFinite(value) || (whole && !Number.isInteger(value))) return false
  return (min === null || (above ? value > min : value >= min)) && (max === null || value <= max)
}

/** A day is its beginning in UTC; null for what is no time. */
function instantOf(text: string): string | null {
  const trimmed = text.trim()
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z)?$/.test(trimmed)) return null
  const ms = Date.parse(trimmed)
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}

/** The body of `POST /v1/runs`: only what differs from the definition. */
export function trainingRequest(
  model: string,
  ownTrainer: string,
  form: TrainingForm,
  parameters: readonly TrainerParameter[],
): object {
  const written = parameters.flatMap(({ name, choices }): [string, string | number][] => {
    const text = form.parameters[name]?.trim() ?? ''
    return text === '' ? [] : [[name, choices === null ? Number(text) : text]]
  })
  const [from, to] = [instantOf(form.from), instantOf(form.to)]
  const seed = form.seed.trim()
  return {
    model,
    ...(form.trainer === undefined || form.trainer === ownTrainer ? {} : { trainer: form.trainer }),
    ...(written.length === 0 ? {} : { parameters: Object.fromEntries(written) }),
    ...(from === null ? {} : { from }),
    ...(to === null ? {} : { to }),
    ...(seed === '' ? {} : { seed: Number(seed) }),
  }
}
