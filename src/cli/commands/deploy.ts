import { readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { noonmarkError } from '../../errors.ts'
import { editDeployments, previousChampion, printPlan, releaseHold, setHold } from '../../plan/index.ts'
import { type Command, optionText } from '../command.ts'
import { planOf } from './plan.ts'

const file = 'deployments.ts'

/** `noonmark deploy` */
export const deploy: Command = {
  verb: ['deploy'],
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

/** `noonmark rollback` */
export const rollback: Command = {
  verb: ['rollback'],
  summary: 'let the version before answer again, at once, and hold it there',
  arguments: [{ name: 'deployment', summary: 'the deployment' }],
  options: [
    { name: 'to', value: 'version', summary: 'the version that is to answer; the champion before where left out' },
    { name: 'reason', value: 'text', summary: 'why, for the record' },
    { name: 'release', summary: 'end the hold: what main pins answers again' },
  ],
  async run(context, input) {
    const platform = await context.platform()
    const { deployment = '' } = input.arguments
    if (input.options.release === true) {
      const released = await releaseHold(platform.metadata, platform.project, deployment)
      return {
        json: { deployment, released },
        text: released ? `deployment ${deployment}: the hold is released.` : `deployment ${deployment} was not held.`,
      }
    }
    const to = optionText(input, 'to')
    if (to !== undefined) await platform.registry.version(to)
    const version = to ?? (await previousChampion(platform.metadata, platform.blobs, platform.project, deployment))
    const hold = await setHold(platform, {
      project: platform.project,
      deployment,
      version,
      reason: optionText(input, 'reason') ?? 'rolled back',
      by: userInfo().username,
    })
    return {
      json: { deployment, hold },
      text: `deployment ${deployment}: ${version ?? 'the fallback'} answers from now on, and is held until main pins something other than ${hold.pin ?? 'nothing'}, or the hold is released.`,
    }
  },
}
