/**
 * Holds the figures of a demo that just ran against docs/figures.json: `node test/docs/compare-figures.ts <demo.json>`. What
 * happened in May is the same to the last digit; the replay depends on which event arrived first, within small bounds.
 */
import { readFileSync } from 'node:fs'
import type { DemoFigures } from '../../examples/01-flight-delay/summary.ts'

const read = (path: string | URL): DemoFigures => JSON.parse(readFileSync(path, 'utf8'))
const committed = read(new URL('../../docs/figures.json', import.meta.url))
const fresh = read(process.argv[2]!)
const problems: string[] = []
const hold = (name: string, found: number, expected: number, within: number): void => {
  if (!(Math.abs(found - expected) <= within))
    problems.push(`${name}: ${found}, and docs/figures.json says ${expected} (within ${within})`)
}

for (const [i, { name, may, june }] of committed.models.entries()) {
  const found = fresh.models[i]!
  hold(`${name} in May`, found.may.auc, may.auc, 1e-9)
  hold(`${name} in June`, found.june.auc, june.auc, 0.005)
}
if (fresh.training.content !== committed.training.content) problems.push('the training set has another content')
hold('moments matured', fresh.moments.matured, committed.moments.matured, 0)
hold('events accepted', fresh.replay.acceptedEvents, committed.replay.acceptedEvents, 0)
hold('values that differ', fresh.parity.differing, 0, 0)
if (fresh.parity.compared < 0.98 * committed.parity.compared)
  problems.push(`only ${fresh.parity.compared} values were compared`)

console.log(problems.length === 0 ? 'the demo measured what the README says' : problems.join('\n'))
process.exitCode = problems.length === 0 ? 0 : 1
