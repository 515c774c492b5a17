// Goal: the command line explains itself, and misuse is told apart from failure. Method: the program that runs, with the verbs
// that it has, and a note instead of running them.
import type { CommanderError, Command as Program } from 'commander'
import { describe, expect, it } from 'vitest'
import { type Command, type CommandInput, commandGroups } from './command.ts'
import { commands } from './commands/index.ts'
import { programOf } from './program.ts'

/** What typing something does: the verb and its input, or the error and what was printed. */
async function typed(argv: readonly string[]) {
  let ran: { command: Command; input: CommandInput } | null = null
  let text = ''
  const program = programOf(commands, async (command, input) => {
    ran = { command, input }
  })
  const write = (written: string): void => {
    text += written
  }
  const quiet = (one: Program): void => {
    one.configureOutput({ writeOut: write, writeErr: write, getOutHelpWidth: () => 120, getErrHelpWidth: () => 120 })
    for (const inside of one.commands) quiet(inside)
  }
  quiet(program)
  let exitCode = 0
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    exitCode = (error as CommanderError).exitCode // the program throws nothing else
  }
  return { ran: ran as { command: Command; input: CommandInput } | null, text, exitCode }
}

/** A line as a shell takes it apart, with quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, plain]) => single ?? double ?? plain!)
}

const named = commands.map((command) => [command.verb.join(' '), command] as const)

describe('the help', () => {
  it('lists every verb under a heading, in the order of the headings', async () => {
    const { text, exitCode } = await typed(['--help'])
    expect(exitCode).toBe(0)
    const places = commandGroups.map((group) => text.indexOf(`\n${group}:\n`))
    expect(places.every((place) => place > 0)).toBe(true)
    expect(places.toSorted((a, b) => a - b)).toEqual(places)
    for (const word of new Set(commands.map(({ verb }) => verb[0]!)))
      expect(text).toMatch(new RegExp(`^  ${word}\\b`, 'm'))
  })

  it.each(named)('of %s says its arguments, its options and an example', async (verb, command) => {
    const { text, exitCode } = await typed([...command.verb, '--help'])
    expect(exitCode).toBe(0)
    expect(text).toContain(`Usage: noonmark ${verb} [options]`)
    const flat = text.replaceAll(/\s+/g, ' ')
    expect(flat).toContain(command.summary)
    for (const { name, summary } of command.arguments ?? []) expect(flat).toContain(`${name} ${summary}`)
    for (const { name, value, summary } of command.options ?? [])
      expect(flat).toContain(`--${name}${value === undefined ? '' : ` <${value}>`} ${summary}`)
    expect(text).toContain(`Example:\n  noonmark ${command.example}`)
    for (const option of ['--json', '--project <folder>', '--clock <instant>']) expect(text).toContain(option)
    expect(text.includes('--server <url>')).toBe(command.remote !== undefined)
  })

  it.each(named)('has an example of %s that can be typed', async (_verb, command) => {
    const { ran, exitCode, text } = await typed(words(command.example))
    expect(exitCode, text).toBe(0)
    expect(ran?.command).toBe(command)
  })

  it('of a first word lists what comes after it', async () => {
    const { text } = await typed(['runs', '--help'])
    for (const verb of ['list', 'show', 'compare', 'logs', 'cancel'])
      expect(text).toMatch(new RegExp(`^  ${verb}`, 'm'))
  })
})

describe('what was typed', () => {
  it('is read by name: arguments, options, flags and repetitions', async () => {
    const { ran } = await typed(['train', 'late', '--set', 'trees=5', '--set', 'leaves=3', '--seed', '7', '--json'])
    expect(ran?.input).toEqual({
      arguments: { model: 'late' },
      options: { set: ['trees=5', 'leaves=3'], seed: '7', json: true },
    })
    const { ran: other } = await typed(['predict', 'late-order', '--json-row', '{}'])
    expect(other?.input.options).toEqual({ 'json-row': '{}' })
  })

  it.each([
    [['nothing']],
    [['runs', 'nothing']],
    [['runs']],
    [['plan', '--nothing']],
    [['train']],
    [['train', 'a', 'b']],
    [['plan', '--out']],
    [[]],
  ])('is misuse where there is no such thing: %j', async (argv) => {
    const { ran, exitCode, text } = await typed(argv)
    expect(ran).toBeNull()
    expect(exitCode).not.toBe(0)
    expect(text).not.toBe('')
  })
})
