import { resolve } from 'node:path'
import { CommanderError } from 'commander'
import { errorBody, isNoonmarkError, noonmarkError } from '../errors.ts'
import { openPlatform, type Platform } from '../platform.ts'
import { parseInstant } from '../values/index.ts'
import { type Command, type CommandContext, type CommandInput, type CommandOutput, optionText } from './command.ts'
import { commands } from './commands/index.ts'
import { programOf } from './program.ts'
import { progressReporter } from './progress.ts'
import { runRemote } from './remote.ts'
import { connectServer } from './server-connection.ts'

/** Runs the command line. Exit status: 0 done, 1 failed, 2 misused. */
export async function main(argv: readonly string[]): Promise<void> {
  // Whoever reads the output may have read enough: `noonmark runs list | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
  const program = programOf(commands, runCommand)
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}

async function runCommand(command: Command, input: CommandInput): Promise<void> {
  const json = input.options.json === true
  const { report, end } = progressReporter(process.stderr, json)
  const rootDir = resolve(optionText(input, 'project') ?? '.')
  const controller = new AbortController()
  const stop = (): void => {
    // The second time somebody means it.
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  let opened: Promise<Platform> | undefined
  const context: CommandContext = {
    rootDir,
    platform: () => {
      const clock = optionText(input, 'clock')
      opened ??= openPlatform({
        rootDir,
        ...(clock === undefined ? {} : { clockMs: parseInstant(clock, { path: '--clock' }) }),
      })
      return opened
    },
    progress: report,
    say: (line) => {
      if (!json) console.log(line)
    },
    interactive: !json && process.stdin.isTTY === true && process.stdout.isTTY === true,
    confirm: async (question) => {
      const { confirm, isCancel } = await import('@clack/prompts')
      const answer = await confirm({ message: question })
      return !isCancel(answer) && answer
    },
    signal: controller.signal,
  }
  try {
    const output = await outputOf(command, context, input)
    end()
    if (json) console.log(JSON.stringify(output.json, null, 2))
    else if (output.text !== '') console.log(output.text)
    process.exitCode = output.exitCode ?? 0
  } catch (error) {
    end()
    sayError(error, json)
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
    await (await opened?.catch(() => undefined))?.close()
  }
}

/** In the folder, or on the server that was named. @throws request_invalid for a verb that no server answers */
async function outputOf(command: Command, context: CommandContext, input: CommandInput): Promise<CommandOutput> {
  const named = optionText(input, 'server')
  const address = named ?? process.env.NOONMARK_SERVER ?? ''
  if (address === '') return command.run(context, input)
  const verb = command.verb.join(' ')
  if (command.remote !== undefined)
    return runRemote(
      command.remote,
      context,
      input,
      connectServer(address, named === undefined ? 'NOONMARK_SERVER' : '--server'),
    )
  if (named !== undefined)
    throw noonmarkError('request_invalid', {
      message: `noonmark ${verb} works on the project's folder only, and no server does it.`,
      hint: 'Leave out --server, and name the folder with --project.',
      path: '--server',
    })
  console.error(`noonmark ${verb} works on the folder only: NOONMARK_SERVER is not used.`)
  return command.run(context, input)
}

/** An error about an option is misuse. */
function sayError(error: unknown, json: boolean): void {
  const body = errorBody(error)
  const { code, message, hint, path } = body.error
  if (json) console.log(JSON.stringify(body, null, 2))
  else {
    console.error(`error: ${message}${path === undefined ? '' : `\n   at: ${path}`}\n mend: ${hint} (${code})`)
    if (code === 'internal' && error instanceof Error && !isNoonmarkError(error)) console.error(error.stack)
  }
  process.exitCode = path?.startsWith('--') === true ? 2 : 1
}
