import { resolve } from 'node:path'
import { noonmarkError } from '../../errors.ts'
import { makeProject, nameFrom, type Template, templates } from '../../starter/index.ts'
import { type Command, type CommandContext, type CommandInput, optionText } from '../command.ts'

const names = templates.map(({ name }) => name).join(', ')

/** `noonmark init`. Nothing that it imports needs more than Node 20: see `cli/old-node.ts`. */
export const init: Command = {
  verb: ['init'],
  group: 'Begin',
  summary: 'make a project that works, from a template',
  arguments: [{ name: 'dir', summary: 'its folder, which is empty or does not exist yet', optional: true }],
  options: [{ name: 'template', value: 'name', summary: `one of ${names} (default online)` }],
  example: 'init my-project --template online',
  async run(context, input) {
    const { folder, template } = await asked(context, input)
    const name = nameFrom(folder)
    if (name === '')
      throw noonmarkError('request_invalid', {
        message: `'${folder}' gives no name to a project.`,
        hint: 'Choose a folder whose name has a letter.',
        path: 'dir',
      })
    const files = await makeProject({ folder, name, template, nowMs: Date.now() })
    return {
      json: { project: name, template: template.name, folder, files },
      text: madeText(folder, context, template),
    }
  },
}

/** What the user gave; where somebody can be asked, the rest is. */
async function asked(
  context: CommandContext,
  input: CommandInput,
): Promise<{ readonly folder: string; readonly template: Template }> {
  const { dir } = input.arguments
  const given = optionText(input, 'template')
  if (dir !== undefined || given !== undefined || !context.interactive) {
    if (dir === undefined)
      throw noonmarkError('request_invalid', {
        message: 'The folder of the new project is missing.',
        hint: 'Name it: noonmark init my-project.',
        path: 'dir',
      })
    return { folder: resolve(context.rootDir, dir), template: templateOf(given ?? 'online') }
  }
  const { isCancel, select, text } = await import('@clack/prompts')
  const folder = await text({ message: 'In which folder?', initialValue: 'my-project' })
  const chosen = isCancel(folder)
    ? folder
    : await select({
        message: 'How are its predictions asked for?',
        options: templates.map(({ name, summary }) => ({ value: name, label: name, hint: summary })),
      })
  if (isCancel(folder) || isCancel(chosen))
    throw noonmarkError('work_cancelled', { message: 'Nothing was made.', hint: 'Run it again when you like.' })
  return { folder: resolve(context.rootDir, folder), template: templateOf(chosen) }
}

/** @throws not_found */
function templateOf(name: string): Template {
  const found = templates.find((one) => one.name === name)
  if (found !== undefined) return found
  throw noonmarkError('not_found', {
    message: `There is no template '${name}'.`,
    hint: `Choose one of ${names}.`,
    path: '--template',
  })
}

function madeText(folder: string, { rootDir }: CommandContext, template: Template): string {
  const width = Math.max(...template.files.map(([path]) => path.length))
  const below = folder.startsWith(`${resolve(rootDir)}/`) ? folder.slice(resolve(rootDir).length + 1) : folder
  return [
    `Made ${folder}: ${template.summary}`,
    '',
    ...template.files.map(([path, summary]) => `  ${path.padEnd(width)}  ${summary}`),
    '',
    'Next:',
    ...(folder === resolve(rootDir) ? [] : [`  cd ${below}`]),
    ...(template.model === null
      ? ['  npm install', '  npx noonmark import ../orders.csv    # a file of your own']
      : [
          '  npm install && npm test',
          '  npm run dev      # serves, and applies what you change as you save it',
          '  npm run train    # in another terminal',
          `  npx noonmark deploy ${template.model}:1 --to ${template.deployment}`,
        ]),
  ].join('\n')
}
