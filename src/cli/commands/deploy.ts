import { readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { DeploymentSpec } from '../../define/index.ts'
import { noonmarkError } from '../../errors.ts'
import type { ReleaseJson, RollbackJson, RollbackRequest } from '../../http/work.ts'
import { diffManifests, editDeployments, holdsOf, printPlan } from '../../plan/index.ts'
import { readFolderStatus } from '../../platform/folder-status.ts'
import type { Layout } from '../../platform/layout.ts'
import { release, rollBack } from '../../platform/operations-plan.ts'
import { runningServer } from '../../platform/running-server.ts'
import { type Command, type CommandInput, type CommandOutput, optionText } from '../command.ts'
import { remote } from '../remote.ts'
import { connectServer } from '../server-connection.ts'

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
    const as = input.options.shadow === true ? 'shadow' : 'champion'
    const after = editDeployments(before, { deployment: to, pin, as })
    const base = await platform.applied().catch(() => null)
    if (after !== before) await writeFile(path, after)
    // Held against what was applied before the file changed: a `noonmark dev` of this folder applies it at once.
    const { manifest } = await platform.build()
    const holds = await holdsOf(platform.metadata, platform.project)
    const steps = diffManifests(base?.manifest ?? null, manifest, { ...(await platform.facts()), holds })
    const applied = steps.length > 0 && (await appliedByDev(platform.layout, to, pin, as))
    const next = applied
      ? `\`noonmark dev\` applied it: ${pin} ${as === 'shadow' ? 'predicts beside the champion' : 'answers'} now.`
      : 'Run `noonmark apply` to carry it out.'
    return {
      json: { file, changed: after !== before, steps, applied },
      text: `${after === before ? `${file} pins it already.` : `${file} pins ${pin}.`}\n\n${printPlan(steps, { color: process.stdout.isTTY === true })}${steps.length === 0 ? '' : next}`.trimEnd(),
    }
  },
}

/** How long a running `noonmark dev` gets to take a change up. */
const patienceMs = 10_000

/** Whether a `noonmark dev` on this folder has taken a pin up; waits for it where there is one. */
async function appliedByDev(layout: Layout, name: string, pin: string, as: 'champion' | 'shadow'): Promise<boolean> {
  const status = await readFolderStatus(layout)
  if (status === null || status.state === 'unwatched') return false
  const server = await runningServer(layout).catch(() => null)
  if (server === null) return false
  const { send } = connectServer(server.url)
  const until = performance.now() + patienceMs
  while (performance.now() < until && (await readFolderStatus(layout))?.state !== 'invalid') {
    const answer = await send('GET', `/v1/deployments/${encodeURIComponent(name)}`).catch(() => null)
    const spec = answer?.body as DeploymentSpec | undefined // the catalog answers specs
    if (as === 'champion' ? spec?.champion === pin : spec?.shadow?.includes(pin) === true) return true
    await setTimeout(50)
  }
  return false
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
