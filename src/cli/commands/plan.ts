import { writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { isNoonmarkError, noonmarkError } from '../../errors.ts'
import type { ApplyJson, PlanJson } from '../../http/work.ts'
import {
  buildManifest,
  formatPlan,
  loadProject,
  manifestDigest,
  type Plan,
  parsePlan,
  planJson,
  printPlan,
  type Step,
  summaryLine,
} from '../../plan/index.ts'
import { applyMade, planFor, plannedJson } from '../../platform/operations-plan.ts'
import type { Platform } from '../../platform.ts'
import { type Command, type CommandInput, type CommandOutput, optionText } from '../command.ts'
import { readGivenFile } from '../given-file.ts'
import { type RemoteContext, remote, search } from '../remote.ts'

/** The difference between the folder and the platform. */
export const planOf = (platform: Platform): Promise<Plan> => planFor(platform, null)

const color = (): boolean => process.stdout.isTTY === true

const printed = (steps: readonly Step[]): string => printPlan(steps, { color: color() }).trimEnd()

function plannedOutput(planned: PlanJson, input: CommandInput): CommandOutput {
  return {
    json: { ...planJson(planned.steps), base: planned.base, digest: planned.digest },
    text: printed(planned.steps),
    exitCode: input.options.check === true && planned.steps.length > 0 ? 3 : 0,
  }
}

/** The folder's project as a plan that was held against nothing yet; null where the folder has no project. */
async function bundleOf(rootDir: string): Promise<Plan | null> {
  try {
    const { manifest, functions } = await buildManifest(await loadProject(rootDir))
    const { project } = manifest
    return { format: 1, project, base: null, manifest, digest: manifestDigest(manifest), functions, steps: [] }
  } catch (error) {
    if (isNoonmarkError(error) && error.code === 'project_missing') return null
    throw error
  }
}

const bodyOf = (plan: Plan | null): unknown => (plan === null ? {} : plan)

/** `noonmark plan` */
export const plan: Command = {
  verb: ['plan'],
  group: 'Change what runs',
  summary: 'show the difference between the folder and the platform',
  options: [
    { name: 'out', value: 'file', summary: 'write the plan to a file, for apply' },
    { name: 'check', summary: 'exit with 3 where there is a difference' },
  ],
  example: 'plan --out next.plan.json',
  async run(context, input) {
    const made = await planOf(await context.platform())
    const out = optionText(input, 'out')
    if (out !== undefined) await writeFile(resolve(context.rootDir, out), formatPlan(made))
    return plannedOutput(plannedJson(made), input)
  },
  remote: remote<PlanJson>({
    method: 'POST',
    path: () => '/v1/plan',
    // Without a project here it is the server's own folder that is planned.
    body: async (_input, { rootDir }) => bodyOf(await bundleOf(rootDir)),
    async output(planned, input, { rootDir }) {
      const out = optionText(input, 'out')
      if (out !== undefined) {
        const bundle = await bundleOf(rootDir)
        if (bundle === null)
          throw noonmarkError('request_invalid', {
            message: `A plan can be written where the project is, and there is none in ${rootDir}.`,
            hint: 'Name its folder with --project.',
            path: '--out',
          })
        await writeFile(resolve(rootDir, out), formatPlan({ ...bundle, base: planned.base, steps: planned.steps }))
      }
      return plannedOutput(planned, input)
    },
  }),
}

const nothingChanged: CommandOutput = { json: { changed: false }, text: 'Nothing was changed.', exitCode: 1 }

function appliedOutput(result: ApplyJson, wasShown: boolean): CommandOutput {
  const { steps } = result.steps
  return {
    json: result,
    text: [
      wasShown ? summaryLine(steps) : printed(steps),
      result.changed ? `Applied as revision ${result.revision}.` : `Revision ${result.revision} stands.`,
      ...result.held.map((name) => `deployment ${name} is held by a rollback.`),
    ].join('\n'),
  }
}

/** Whether somebody is to be shown the steps and asked. */
const asks = (steps: readonly Step[], interactive: boolean, input: CommandInput): boolean =>
  input.options.yes !== true && steps.length > 0 && interactive

/** `noonmark apply` */
export const apply: Command = {
  verb: ['apply'],
  group: 'Change what runs',
  summary: 'carry the difference out',
  arguments: [{ name: 'plan', summary: 'the file of a plan; made anew where left out', optional: true }],
  options: [{ name: 'yes', summary: 'do not ask' }],
  example: 'apply --yes',
  async run(context, input) {
    const platform = await context.platform()
    const { plan: file } = input.arguments
    const made =
      file === undefined
        ? await planOf(platform)
        : parsePlan(await readGivenFile(resolve(context.rootDir, file), 'plan'))
    const asked = asks(made.steps, context.interactive, input)
    if (asked) {
      context.say(printed(made.steps))
      if (!(await context.confirm('Apply this plan?'))) return nothingChanged
    }
    return appliedOutput(await applyMade(platform, made, userInfo().username), asked)
  },
  remote: remote<ApplyJson>({
    method: 'POST',
    path: () => `/v1/apply${search({ by: userInfo().username })}`,
    body: planToApply,
    output: (result, input, { interactive }) => appliedOutput(result, asks(result.steps.steps, interactive, input)),
  }),
}

/** The plan that is sent: that of the file, or the folder's, held against what is applied there now. */
async function planToApply(input: CommandInput, context: RemoteContext): Promise<unknown> {
  const { rootDir, server, interactive, say, confirm, end } = context
  const { plan: file } = input.arguments
  let made: Plan | null
  let steps: readonly Step[]
  if (file !== undefined) {
    made = parsePlan(await readGivenFile(resolve(rootDir, file), 'plan'))
    steps = made.steps
  } else {
    const bundle = await bundleOf(rootDir)
    const planned = (await server.send('POST', '/v1/plan', bodyOf(bundle))).body as PlanJson // the route's answer
    made = bundle === null ? null : { ...bundle, base: planned.base, steps: planned.steps }
    steps = planned.steps
  }
  if (asks(steps, interactive, input)) {
    say(printed(steps))
    if (!(await confirm(`Apply this plan to ${server.url}?`))) end(nothingChanged)
  }
  return bodyOf(made)
}
