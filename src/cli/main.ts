import { resolve } from 'node:path'
import { CommanderError, Command as Program } from 'commander'
import { errorBody } from '../errors.ts'
import { openPlatform, type Platform } from '../platform.ts'
import { parseInstant } from '../values/index.ts'
import type { Command, CommandContext, CommandInput } from './command.ts'
import { commands } from './commands/index.ts'
import { progressReporter } from './progress.ts'

/** Options of every verb. */
const everywhere = [
  ['--json', 'print JSON for programs'],
  ['--project <folder>', "the project's folder (default: the current one)"],
  ['--clock <instant>', 'stand on a replay clock at this instant instead of the real one'],
] as const

/** Runs the command line. Exit status: 0 done, 1 failed, 2 misused. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Program('noonmark')
  program.description('An end-to-end machine-learning platform in which every prediction belongs to a moment.')
  program.exitOverride().showHelpAfterError('(--help shows how it is used)')
  const groups = new Map<string, Program>()
  for (const command of commands) addCommand(program, groups, command)
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}

function addCommand(program: Program, groups: Map<string, Program>, command: Command): void {
  let parent = program
  for (const word of command.verb.slice(0, -1)) {
    parent = groups.get(word) ?? program.command(word).description(`${word}: see its verbs`)
    parent.exitOverride()
    groups.set(word, parent)
  }
  const added = parent.command(command.verb.at(-1)!).description(command.summary).exitOverride()
  for (const { name, summary, optional } of command.arguments ?? [])
    added.argument(optional ? `[${name}]` : `<${name}>`, summary)
  for (const { name, summary, value, repeat } of command.options ?? []) {
    const flags = value === undefined ? `--${name}` : `--${name} <${value}>`
    if (repeat) added.option(flags, summary, (text: string, before: string[] = []) => [...before, text])
    else added.option(flags, summary)
  }
  for (const [flags, summary] of everywhere) added.option(flags, summary)
  added.action(async (...given: unknown[]) => {
    const values = given.slice(0, command.arguments?.length ?? 0)
    const options = added.opts<Record<string, string | boolean | string[]>>()
    const named: Record<string, string> = {}
    for (const [i, { name }] of (command.arguments ?? []).entries())
      if (typeof values[i] === 'string') named[name] = values[i]
    const kebab = Object.fromEntries(
      Object.entries(options).map(([name, value]) => [
        name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
        value,
      ]),
    )
    await runCommand(command, { arguments: named, options: kebab })
  })
}

async function runCommand(command: Command, input: CommandInput): Promise<void> {
  const json = input.options.json === true
  const { report, end } = progressReporter(process.stderr, json)
  const rootDir = resolve(typeof input.options.project === 'string' ? input.options.project : '.')
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
      const clock =
        typeof input.options.clock === 'string'
          ? { clockMs: parseInstant(input.options.clock, { path: '--clock' }) }
          : {}
      opened ??= openPlatform({ rootDir, ...clock })
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
    const output = await command.run(context, input)
    end()
    if (json) console.log(JSON.stringify(output.json, null, 2))
    else if (output.text !== '') console.log(output.text)
    process.exitCode = output.exitCode ?? 0
  } catch (error) {
    end()
    const body = errorBody(error)
    if (json) console.log(JSON.stringify(body, null, 2))
    else {
      const { code, message, hint, path } = body.error
      console.error(`error: ${message}${path === undefined ? '' : `\n   at: ${path}`}\n mend: ${hint} (${code})`)
      if (code === 'internal' && error instanceof Error) console.error(error.stack)
    }
    process.exitCode = 1
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
    await (await opened?.catch(() => undefined))?.close()
  }
}
