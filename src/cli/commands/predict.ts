import { resolve } from 'node:path'
import type { DeploymentSpec, ModelSpec } from '../../define/index.ts'
import { noonmarkError } from '../../errors.ts'
import { runningServer } from '../../platform/running-server.ts'
import { type Command, type CommandInput, optionText } from '../command.ts'
import { readGivenFile } from '../given-file.ts'
import { remote, runRemote } from '../remote.ts'
import { connectServer } from '../server-connection.ts'

async function rowsOf(input: CommandInput): Promise<readonly unknown[]> {
  const [given, file] = [optionText(input, 'json-row'), optionText(input, 'file')]
  if ((given === undefined) === (file === undefined))
    throw noonmarkError('request_invalid', {
      message: 'Give --json-row or --file.',
      hint: 'One of the two.',
      path: '--json-row',
    })
  const text = given ?? (await readGivenFile(resolve(file!), '--file')) // one of the two is given
  try {
    const row: unknown = JSON.parse(text)
    return Array.isArray(row) ? row : [row]
  } catch (cause) {
    throw noonmarkError('json_invalid', {
      message: `${given === undefined ? file : '--json-row'} is not JSON.`,
      ...(given === undefined ? {} : { path: '--json-row' }),
      cause,
    })
  }
}

const asked = remote<unknown>({
  method: 'POST',
  async path(input, { get }) {
    // The moment is that of the deployment's model; the catalog answers specs.
    const deployment = (await get(
      `/v1/deployments/${encodeURIComponent(input.arguments.deployment!)}`,
    )) as DeploymentSpec
    const { moment } = (await get(`/v1/models/${deployment.model}`)) as ModelSpec
    return `/v1/moments/${moment}/predictions`
  },
  body: async (input) => ({ rows: await rowsOf(input), deployments: [input.arguments.deployment!] }),
  output: (answer) => ({ json: answer, text: JSON.stringify(answer, null, 2) }),
})

/** `noonmark predict` */
export const predict: Command = {
  verb: ['predict'],
  group: 'Serve and watch',
  summary: "ask the folder's running server, or another, for a prediction",
  arguments: [{ name: 'deployment', summary: 'the deployment' }],
  options: [
    { name: 'json-row', value: 'json', summary: 'one row: key, roles and request fields of the moment' },
    { name: 'file', value: 'file', summary: 'a JSON file with one row, or a list of rows' },
  ],
  example: `predict quote-delay --json-row '{"flight_id":"A1","origin":"SFO","distance":500}'`,
  async run(context, input) {
    await rowsOf(input)
    const { url } = await runningServer((await context.platform()).layout)
    return runRemote(asked, context, input, connectServer(url))
  },
  remote: asked,
}
