import { noonmarkError } from '../errors.ts'
import { formatInstant, type Instant } from '../values/index.ts'
import type { DeploymentState } from './deployment-state.ts'
import type { MomentRequest } from './moment-request.ts'

/** The deployments that a request asks for; all of the moment where it names none. @throws not_found, row_invalid */
export function askedDeployments(
  moment: string,
  byName: ReadonlyMap<string, DeploymentState>,
  { deployments }: MomentRequest,
): DeploymentState[] {
  if (byName.size === 0) {
    throw noonmarkError('not_found', {
      message: `No deployment answers at the moment ${moment}.`,
      hint: 'Declare one in deployments.ts and apply.',
    })
  }
  if (deployments === null) return [...byName.values()]
  if (deployments.length === 0) {
    throw noonmarkError('row_invalid', { message: 'deployments names none.', path: 'deployments' })
  }
  return [...new Set(deployments)].map((name) => {
    const state = byName.get(name)
    if (state !== undefined) return state
    throw noonmarkError('not_found', {
      message: `The moment ${moment} has no deployment '${name}'.`,
      hint: `Its deployments are ${[...byName.keys()].join(', ')}.`,
      path: `deployments[${deployments.indexOf(name)}]`,
    })
  })
}

/** Refuses rows ahead of the clock. @throws instant_ahead */
export function refuseAhead({ rows, single }: MomentRequest, now: Instant): void {
  for (const [index, { at }] of rows.entries()) {
    if (at === null || at <= now) continue
    const path = single ? 'at' : `rows[${index}].at`
    throw noonmarkError('instant_ahead', {
      message: `${path} is ${formatInstant(at)}, and the clock stands at ${formatInstant(now)}.`,
      path,
    })
  }
}
