import type { RunDifference } from '../../http/reports.ts'
import type { RunJson } from '../../registry/index.ts'

type Fact = string | number | boolean | null

/** What is known of a run, by the group and the name under which people look for it. */
function factsOf(run: RunJson): Map<string, { readonly group: RunDifference['group']; readonly value: Fact }> {
  const { training_set: set, parameters, metrics } = run
  const facts = new Map<string, { group: RunDifference['group']; value: Fact }>()
  const add = (group: RunDifference['group'], named: Readonly<Record<string, unknown>>): void => {
    for (const [name, value] of Object.entries(named)) facts.set(`${group} ${name}`, { group, value: plain(value) })
  }
  add('run', { model: run.model, trainer: run.trainer.kind, seed: run.seed, status: run.status, version: run.version })
  add('data', {
    training_set: set?.content.slice(0, 12) ?? null,
    from: set?.from ?? run.from,
    to: set?.to ?? run.to,
    cut: run.cut,
    training_rows: set?.rows.training ?? null,
    validation_rows: set?.rows.validation ?? null,
  })
  add('parameters', parameters ?? {})
  add('metrics', {
    ...numbersOf(metrics?.validation ?? {}),
    ...Object.fromEntries(
      Object.entries(numbersOf(metrics?.baseline ?? {}))
        .filter(([name]) => ['auc', 'log_loss', 'brier'].includes(name))
        .map(([name, value]) => [`baseline_${name}`, value]),
    ),
  })
  return facts
}

/** Every fact of two runs beside each other. */
export function compareRunFacts(first: RunJson, second: RunJson): RunDifference[] {
  const [one, other] = [factsOf(first), factsOf(second)]
  return [...new Set([...one.keys(), ...other.keys()])].map((key) => {
    const [a, b] = [one.get(key), other.get(key)]
    const [from, to] = [a?.value ?? null, b?.value ?? null]
    return {
      group: (a ?? b)!.group, // a key of one of both
      name: key.slice(key.indexOf(' ') + 1),
      first: from,
      second: to,
      differs: from !== to,
      difference: typeof from === 'number' && typeof to === 'number' ? to - from : null,
    }
  })
}

/** Whether both runs were judged on the same rows, so that their metrics compare. */
export function sameRows({ training_set: one }: RunJson, { training_set: other }: RunJson): boolean {
  return one !== null && one.content === other?.content && one.rows.validation === other.rows.validation
}

const numbersOf = (metrics: Readonly<Record<string, unknown>>): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).filter((entry): entry is [string, number] => typeof entry[1] === 'number'))

const plain = (value: unknown): Fact =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value) ? (value as Fact) : JSON.stringify(value) // one of the three
