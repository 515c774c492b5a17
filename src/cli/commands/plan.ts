import { readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import {
  applyPlan,
  formatPlan,
  makePlan,
  type Plan,
  parsePlan,
  planJson,
  printPlan,
  summaryLine,
} from '../../plan/index.ts'
import type { Platform } from '../../platform.ts'
import { type Command, optionText } from '../command.ts'

/** The difference between the folder and the platform. */
export async function planOf(platform: Platform): Promise<Plan> {
  return makePlan(platform, await platform.build(), await platform.facts())
}

const color = (): boolean => process.stdout.isTTY === true

/** `noonmark plan` */
export const plan: Command = {
  verb: ['plan'],
  summary: 'show the difference between the folder and the platform',
  options: [
    { name: 'out', value: 'file', summary: 'write the plan to a file, for apply' },
    { name: 'check', summary: 'exit with 3 where there is a difference' },
  ],
  async run(context, input) {
    const made = await planOf(await context.platform())
    const out = optionText(input, 'out')
    if (out !== undefined) await writeFile(resolve(context.rootDir, out), formatPlan(made))
    const differs = made.steps.length > 0
    return {
      json: planJson(made.steps),
      text: printPlan(made.steps, { color: color() }).trimEnd(),
      exitCode: input.options.check === true && differs ? 3 : 0,
    }
  },
}

/** `noonmark apply` */
export const apply: Command = {
  verb: ['apply'],
  summary: 'carry the difference out',
  arguments: [{ name: 'plan', summary: 'the file of a plan; made anew where left out', optional: true }],
  options: [{ name: 'yes', summary: 'do not ask' }],
  async run(context, input) {
    const platform = await context.platform()
    const { plan: file } = input.arguments
    const made =
      file === undefined ? await planOf(platform) : parsePlan(await readFile(resolve(context.rootDir, file), 'utf8'))
    const asks = input.options.yes !== true && made.steps.length > 0 && context.interactive
    if (asks) {
      context.say(printPlan(made.steps, { color: color() }))
      if (!(await context.confirm('Apply this plan?')))
        return { json: { changed: false }, text: 'Nothing was changed.', exitCode: 1 }
    }
    const result = await applyPlan({
      metadata: platform.metadata,
      blobs: platform.blobs,
      clock: platform.clock,
      plan: made,
      facts: await platform.facts(),
      by: userInfo().username,
    })
    const printed = asks ? summaryLine(result.steps) : printPlan(result.steps, { color: color() }).trimEnd()
    const held = result.held.map((name) => `deployment ${name} is held by a rollback.`)
    return {
      json: { ...result, steps: planJson(result.steps) },
      text: [
        printed,
        result.changed ? `Applied as revision ${result.revision}.` : `Revision ${result.revision} stands.`,
        ...held,
      ].join('\n'),
    }
  },
}
