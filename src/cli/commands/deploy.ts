import { readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { noonmarkError } from '../../errors.ts'
import type { ReleaseJson, RollbackJson, RollbackRequest } from '../../http/work.ts'
import { editDeployments, printPlan } from '../../plan/index.ts'
import { release, rollBack } from '../../platform/operations-plan.ts'
import { type Command, type CommandInput, type CommandOutput, optionText } from '../command.ts'
import { remote } from '../remote.ts'
import { planOf } from './plan.ts'

const file = 'deployments.ts'

/** `noonmark deploy` */
export const deploy: Command = {
  verb: ['deploy'],
  group: 'Change what runs',
  example: 'deploy flight-delay:14 --to quote-delay --shadow',
  summary: 'pin a version in deployments.ts and show the plan',
  arguments: [{ name: 'version', summary: 'model:number' }],
  options: [
    { name: 'to', value: 'deployment', summary: 'where it is to answer' },
    { name: 'champion', summary: 'it answers (the default)' },
    { name: 'shadow', summary: 'it predicts beside the champion, after the reply' },
  ],
  async run(context, input) {
    const platform = await context.platform()
    const version = await platform.registry.version(input.arguments.version!)
    const pin = input.arguments.version!
    const to = optionText(input, 'to')
    if (to === undefined)
      throw noonmarkError('request_invalid', {
        message: 'Say which deployment: --to <deployment>.',
        hint: 'The deployments stand in deployments.ts.',
        path: '--to',
      })
    if (input.options.champion === true && input.options.shadow === true) {
      throw noonmarkError('request_invalid', {
        message: 'A version is champion or shadow, not both.',
        hint: 'Choose one.',
        path: '--shadow',
      })
    }
    if (!version.passed) {
      const failed = version.checks.filter(({ passed }) => !passed).map(({ name }) => name)
      throw noonmarkError('version_unfit', {
        message: `${pin} did not pass its checks: ${failed.join('; ')}.`,
        path: pin,
      })
    }
    const path = join(context.rootDir, file)
    const before = await readFile(path, 'utf8').catch(() => {
      throw noonmarkError('not_found', {
        message: `There is no ${file} in ${context.rootDir}.`,
        hint: `Declare the deployment there: export const ... = deployment('${to}', ...).`,
        path: file,
      })
    })
    const after = editDeployments(before, {
      deployment: to,
      pin,
      as: input.options.shadow === true ? 'shadow' : 'champion',
    })
    if (after !== before) await writeFile(path, after)
    const plan = await planOf(platform)
    return {
      json: { file, changed: after !== before, steps: plan.steps },
      text: `${after === before ? `${file} pins it already.` : `${file} pins ${pin}.`}\n\n${printPlan(plan.steps, { color: process.stdout.isTTY === true })}${plan.steps.length === 0 ? '' : 'Run `noonmark apply` to carry it out.'}`.trimEnd(),
    }
  },
}

const answersNow = (json: RollbackJson | ReleaseJson): CommandOutput => {
  const { deployment } = json
  if (!('hold' in json))
    return {
      json,
      text: json.released
        ? `deployment ${deployment}: the hold is released.`
        : `deployment ${deployment} was not held.`,
    }
  const { version, pin } = json.hold
  return {
    json,
    text: `deployment ${deployment}: ${version ?? 'the fallback'} answers from now on, and is held until main pins something other than ${pin ?? 'nothing'}, or the hold is released.`,
  }
}

/** What a rollback says besides the deployment. */
function rollbackOf(input: CommandInput): Omit<RollbackRequest, 'deployment'> {
  const to = optionText(input, 'to')
  return {
    reason: optionText(input, 'reason') ?? 'rolled back',
    by: userInfo().username,
    ...(to === undefined ? {} : { to }),
  }
}

/** `noonmark rollback` */
export const rollback: Command = {
  verb: ['rollback'],
  group: 'Change what runs',
  summary: 'let the version before answer again, at once, and hold it there',
  arguments: [{ name: 'deployment', summary: 'the deployment' }],
  options: [
    { name: 'to', value: 'version', summary: 'the version that is to answer; the champion before where left out' },
    { name: 'reason', value: 'text', summary: 'why, for the record' },
    { name: 'release', summary: 'end the hold: what main pins answers again' },
  ],
  example: "rollback quote-delay --reason 'late flights are missed'",
  async run(context, input) {
    const platform = await context.platform()
    const { deployment = '' } = input.arguments
    if (input.options.release === true) return answersNow(await release(platform, deployment))
    return answersNow(await rollBack(platform, { deployment, ...rollbackOf(input) }))
  },
  remote: remote<RollbackJson | ReleaseJson>({
    method: 'POST',
    path: ({ arguments: { deployment = '' }, options }) =>
      `/v1/deployments/${encodeURIComponent(deployment)}/${options.release === true ? 'release' : 'rollback'}`,
    body: (input) => (input.options.release === true ? {} : rollbackOf(input)),
    output: answersNow,
  }),
}
