import { readFileSync } from 'node:fs'
import { Option, Command as Program } from 'commander'
import { type Command, type CommandInput, commandGroups } from './command.ts'

/** Options of every verb. */
export const everywhere = [
  ['--json', 'print JSON for programs'],
  ['--project <folder>', "the project's folder (default: the current one)"],
  ['--server <url>', 'talk to a running platform instead of the folder (or set NOONMARK_SERVER)'],
  ['--clock <instant>', 'stand on a replay clock at this instant instead of the real one'],
] as const

/** What the verbs of a first word are about. */
const families: Readonly<Record<string, string>> = {
  features: 'the catalog of features, and their values now and over time',
  dataset: 'point-in-time training sets, also before a model exists',
  runs: 'training attempts: what they did, and how they compare',
  versions: 'the registry: what runs made, with checks and lineage',
  monitors: 'performance, parity and health of what was served',
  catalog: 'what is defined, and where',
}

/** The command line of some verbs, as a program that calls `run` for the one that was typed. */
export function programOf(
  commands: readonly Command[],
  run: (command: Command, input: CommandInput) => Promise<void>,
): Program {
  const program = new Program('noonmark')
  program
    .description('An end-to-end machine-learning platform in which every prediction belongs to a moment.')
    .version(versionText(), '-V, --version', 'print the version')
    .exitOverride()
    .showHelpAfterError('(--help shows how it is used)')
    .configureHelp({
      subcommandTerm: (verb) =>
        [
          verb.name(),
          ...verb.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`)),
        ].join(' '),
    })
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Every verb takes --json, --project <folder> and --clock <instant>; those that a running platform answers
take --server <url> too. \`noonmark <verb> --help\` says more. Exit status: 0 done, 1 failed, 2 misused.`,
    )
  const words = new Map<string, Program>()
  // Headings stand in the order in which their first verb is added.
  for (const group of commandGroups)
    for (const command of commands.filter((one) => one.group === group))
      addCommand(program, words, commands, command, run)
  return program
}

function addCommand(
  program: Program,
  words: Map<string, Program>,
  commands: readonly Command[],
  command: Command,
  run: (command: Command, input: CommandInput) => Promise<void>,
): void {
  let parent = program
  for (const word of command.verb.slice(0, -1)) {
    const known = words.get(word)
    if (known === undefined) {
      const rest = commands.filter(({ verb }) => verb[0] === word).map(({ verb }) => verb.slice(1).join(' '))
      parent = program
        .command(word)
        .description(`${families[word] ?? word} (${rest.join(', ')})`)
        .helpGroup(`${command.group}:`)
      parent.exitOverride().helpCommand(false)
      words.set(word, parent)
    } else parent = known
  }
  const added = parent.command(command.verb.at(-1)!).description(command.summary).exitOverride()
  if (parent === program) added.helpGroup(`${command.group}:`)
  for (const { name, summary, optional } of command.arguments ?? [])
    added.argument(optional ? `[${name}]` : `<${name}>`, summary)
  for (const { name, summary, value, repeat } of command.options ?? []) {
    const flags = value === undefined ? `--${name}` : `--${name} <${value}>`
    if (repeat) added.option(flags, summary, (text: string, before: string[] = []) => [...before, text])
    else added.option(flags, summary)
  }
  for (const [flags, summary] of everywhere) {
    const option = new Option(flags, summary).helpGroup('Options of every verb:')
    // A verb that has no route takes it, to say so in words.
    if (flags.startsWith('--server') && command.remote === undefined) option.hideHelp()
    added.addOption(option)
  }
  const folderOnly = command.remote === undefined ? '\nWorks on the folder only, not through --server.\n' : ''
  added.addHelpText('after', `${folderOnly}\nExample:\n  noonmark ${command.example}`)
  added.action((...given: unknown[]) => run(command, inputOf(command, given, added.opts())))
}

function inputOf(
  command: Command,
  given: readonly unknown[],
  options: Readonly<Record<string, string | boolean | string[]>>,
): CommandInput {
  const named: Record<string, string> = {}
  for (const [i, { name }] of (command.arguments ?? []).entries()) {
    const value = given[i]
    if (typeof value === 'string') named[name] = value
  }
  const kebab = Object.entries(options).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    value,
  ])
  return { arguments: named, options: Object.fromEntries(kebab) }
}

function versionText(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  return version
}
