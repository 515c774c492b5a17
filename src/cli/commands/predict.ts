import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { noonmarkError } from '../../errors.ts'
import { runningServer } from '../../platform/running-server.ts'
import { type Command, optionText } from '../command.ts'

/** `noonmark predict` */
export const predict: Command = {
  verb: ['predict'],
  summary: 'ask the running server for a prediction',
  arguments: [{ name: 'deployment', summary: 'the deployment' }],
  options: [
    { name: 'json-row', value: 'json', summary: 'one row: key, roles and request fields of the moment' },
    { name: 'file', value: 'file', summary: 'a JSON file with one row, or a list of rows' },
  ],
  async run(context, input) {
    const platform = await context.platform()
    const { manifest } = await platform.applied()
    const name = input.arguments.deployment!
    const deployment = manifest.deployments[name]
    if (deployment === undefined) {
      throw noonmarkError('not_found', {
        message: `There is no deployment ${name}.`,
        hint: `The deployments are ${Object.keys(manifest.deployments).join(', ') || 'none'}.`,
        path: 'deployment',
      })
    }
    const [given, file] = [optionText(input, 'json-row'), optionText(input, 'file')]
    if ((given === undefined) === (file === undefined))
      throw noonmarkError('request_invalid', {
        message: 'Give --json-row or --file.',
        hint: 'One of the two.',
        path: '--json-row',
      })
    const text = given ?? (await readFile(resolve(file!), 'utf8')) // one of the two is given
    let row: unknown
    try {
      row = JSON.parse(text)
    } catch (cause) {
      throw noonmarkError('json_invalid', {
        message: `${given === undefined ? file : '--json-row'} is not JSON.`,
        cause,
      })
    }
    const { moment } = manifest.models[deployment.model]!
    const server = await runningServer(platform.layout)
    const answer = await server.post(`/v1/moments/${moment}/predictions`, {
      rows: Array.isArray(row) ? row : [row],
      deployments: [name],
    })
    return { json: answer, text: JSON.stringify(answer, null, 2) }
  },
}
