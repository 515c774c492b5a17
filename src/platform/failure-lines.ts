import { errorBody } from '../errors.ts'

/** Why a version could not answer. */
interface Failure {
  readonly reason: string
  readonly detail: string | null
}

/** A reason that was said is not said again for so long. */
const quietMs = 30_000

/**
 * Makes what says for whom a fallback answers, and why. Each reason of a deployment is said once in a while and with a count:
 * a line a request would drown everything else.
 */
export function failureLines(
  log: (line: string) => void,
): (deployment: string, owner: string | null, failure: Failure) => void {
  const said = new Map<string, { readonly atMs: number; unsaid: number }>()
  return (deployment, owner, { reason, detail }) => {
    const key = `${deployment} ${reason}`
    const before = said.get(key)
    const now = performance.now()
    if (before !== undefined && now - before.atMs < quietMs) {
      before.unsaid++
      return
    }
    said.set(key, { atMs: now, unsaid: 0 })
    const more =
      before === undefined || before.unsaid === 0 ? '' : ` (and ${before.unsaid} times since it was last said)`
    log(
      `deployment ${deployment}${owner === null ? '' : `, owner ${owner}`}: a fallback answers: ${reason}${detail === null ? '' : `: ${detail}`}${more}`,
    )
  }
}

const saidDamage = new Set<string>()

/** Says once in a process what of the prediction log cannot be read; whoever reads on leaves it out. */
export function sayDamage(error: unknown): void {
  const { message, hint } = errorBody(error).error
  if (!saidDamage.has(message)) console.error(`The prediction log lacks what it once held: ${message} ${hint}`)
  saidDamage.add(message)
}
