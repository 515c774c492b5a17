import { styleText } from 'node:util'
import type { AggregateSpec, DeploymentSpec, FeatureViewSpec, ModelSpec, MomentSpec } from '../define/index.ts'
import { type ExpressionNode, formatInstant } from '../values/index.ts'
import { aggregateText, durationText, expressionText } from './definition-text.ts'
import { countOf } from './diff-context.ts'
import type { Change, Step, StepOp } from './step.ts'

/** How many steps of each kind a plan has. */
export type PlanSummary = Readonly<Record<StepOp, number>>

/** Counts the steps of a plan. */
export function planSummary(steps: readonly Step[]): PlanSummary {
  const summary = { create: 0, update: 0, replace: 0, delete: 0 }
  for (const { op } of steps) summary[op]++
  return summary
}

/** The last line of a printed plan: `Plan: 3 to create, 1 to update, 0 to delete.` Replacements are said where there are any. */
export function summaryLine(steps: readonly Step[]): string {
  if (steps.length === 0) return 'No changes. The platform is what the project says.'
  const { create, update, replace, delete: gone } = planSummary(steps)
  const replaced = replace === 0 ? '' : ` ${replace} to replace,`
  return `Plan: ${create} to create, ${update} to update,${replaced} ${gone} to delete.`
}

/** A plan in its JSON form, as `--json` prints it. */
export function planJson(steps: readonly Step[]): { readonly summary: PlanSummary; readonly steps: readonly Step[] } {
  return { summary: planSummary(steps), steps }
}

const marks: Readonly<Record<StepOp, string>> = { create: '+', update: '~', replace: '-/+', delete: '-' }
const colors = { create: 'green', update: 'yellow', replace: 'magenta', delete: 'red' } as const

/**
 * A plan as people know it from Terraform, one block a step, the summary last.
 * @param options.color whether to write ANSI colours; say so on a terminal only
 */
export function printPlan(steps: readonly Step[], { color = false }: { readonly color?: boolean } = {}): string {
  const paint = painter(color)
  const blocks = steps.map((step) => stepLines(step, paint).join('\n'))
  return `${[...blocks, paint('bold', summaryLine(steps))].join('\n\n')}\n`
}

type Color = (typeof colors)[StepOp] | 'bold' | 'dim'
type Paint = (color: Color, text: string) => string

const painter =
  (color: boolean): Paint =>
  (name, text) =>
    color ? styleText(name, text, { validateStream: false }) : text

function stepLines(step: Step, paint: Paint): string[] {
  const { op, kind, name } = step
  const mark = paint(colors[op], marks[op].padStart(3))
  const forced = step.forces !== undefined && !step.changes.some(({ property }) => isWithin(property, step.forces))
  const reason = forced ? paint('magenta', `  # ${step.forces} forces replacement`) : ''
  return [
    `${mark} ${paint('bold', `${kind} ${name}`)}${reason}`,
    ...createdLines(step, paint),
    ...step.changes.map((change) => changeLine(change, step.forces, paint)),
    ...step.effects.map((effect) => `      ${paint('dim', effect)}`),
    ...step.warnings.map((warning) => `      ${paint('yellow', `! ${warning}`)}`),
  ]
}

const isWithin = (property: string, forces: string | undefined): boolean =>
  forces !== undefined && (property === forces || property.startsWith(`${forces}.`))

/** What is worth seeing of something new. */
function createdLines({ op, after }: Step, paint: Paint): string[] {
  if (op !== 'create') return []
  return newLines(after).map((line) => `      ${paint('green', '+')} ${line}`)
}

function newLines(spec: unknown): string[] {
  if (isFeature(spec)) return [aggregateText(spec.aggregate)]
  const { features, inputs, moment, trainer, key, entities, model, fallback }: NewSpec = Object(spec)
  if (features !== undefined) {
    const width = Math.max(0, ...features.map(({ name }) => name.length))
    return features.map(({ name, aggregate }) => `${name.padEnd(width)}  ${aggregateText(aggregate)}`)
  }
  if (inputs !== undefined) return [`at ${moment}, from ${countOf(inputs.length, 'input')}, by ${trainer?.kind}`]
  if (model !== undefined) return [`model ${model}, else ${fallback?.map((step) => step.fallback).join(', ')}`]
  if (key === undefined) return []
  const roles =
    entities === undefined || entities.length === 0 ? '' : `, roles ${entities.map(({ role }) => role).join(', ')}`
  return [`key ${key.map(({ name }) => name).join(', ')}${roles}`]
}

/** The fields of specs that a line about something new names; each kind has some of them. */
interface NewSpec {
  readonly features?: FeatureViewSpec['features']
  readonly inputs?: ModelSpec['inputs']
  readonly moment?: string
  readonly trainer?: ModelSpec['trainer']
  readonly key?: MomentSpec['key']
  readonly entities?: MomentSpec['entities']
  readonly model?: string
  readonly fallback?: DeploymentSpec['fallback']
}

function isFeature(value: unknown): value is { readonly name: string; readonly aggregate: AggregateSpec } {
  return typeof value === 'object' && value !== null && 'name' in value && 'aggregate' in value
}

function changeLine({ property, before, after }: Change, forces: string | undefined, paint: Paint): string {
  const shown = property.replace(/Ms$/, '')
  const reason = isWithin(property, forces) ? paint('magenta', '  # forces replacement') : ''
  if (before === null) return `      ${paint('green', '+')} ${shown}: ${show(property, after)}${reason}`
  if (after === null) return `      ${paint('red', '-')} ${shown}: ${show(property, before)}${reason}`
  return `      ${paint('yellow', '~')} ${shown}: ${show(property, before)} -> ${show(property, after)}${reason}`
}

/** A value of a property, short enough for a line. */
function show(property: string, value: unknown): string {
  if (value === null) return 'none'
  if (typeof value === 'number' && property.endsWith('Ms')) return durationText(value)
  if (typeof value === 'number' && /^split\.(from|validateFrom|to)$/.test(property)) return formatInstant(value)
  if (typeof value === 'string') return /^[0-9a-f]{64}$/.test(value) ? value.slice(0, 12) : JSON.stringify(value)
  if (isExpression(value)) return expressionText(value)
  if (isFeature(value)) return aggregateText(value.aggregate)
  const text = JSON.stringify(value)
  return text.length > 100 ? `${text.slice(0, 97)}...` : text
}

function isExpression(value: unknown): value is ExpressionNode {
  return typeof value === 'object' && value !== null && 'op' in value
}
