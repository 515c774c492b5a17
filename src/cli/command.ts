import type { Platform } from '../platform.ts'
import type { Remote } from './remote.ts'

/** A value that stands after the verb. */
export interface CommandArgument {
  readonly name: string
  readonly summary: string
  readonly optional?: true
}

/** `--name` or `--name <value>`. */
export interface CommandOption {
  readonly name: string
  readonly summary: string
  /** What the value is called in the help; a flag has none. */
  readonly value?: string
  /** May be given several times. */
  readonly repeat?: true
}

/** What the user gave, by name; every text as it stood. */
export interface CommandInput {
  readonly arguments: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string | boolean | readonly string[]>>
}

/** What a command says: JSON for programs, text for people, and its exit status. */
export interface CommandOutput {
  readonly json: unknown
  readonly text: string
  readonly exitCode?: number
}

/** Where a command runs. */
export interface CommandContext {
  /** The project's folder. */
  readonly rootDir: string
  /** Opens the platform of the folder; closed after the command. */
  readonly platform: () => Promise<Platform>
  /** Shows progress to people; nothing with `--json` or without a terminal beyond a line now and then. */
  readonly progress: (label: string, done: number, total: number) => void
  readonly say: (line: string) => void
  /** Whether somebody can be asked. */
  readonly interactive: boolean
  readonly confirm: (question: string) => Promise<boolean>
  readonly signal: AbortSignal
}

/** The headings of the help, in order. */
export const commandGroups = [
  'Begin',
  'Run the platform',
  'Change what runs',
  'Data and features',
  'Train',
  'Serve and watch',
  'Look around',
] as const

export type CommandGroup = (typeof commandGroups)[number]

/** A verb of the command line: `--help` and the reference are made from the value that runs. */
export interface Command {
  /** `['runs', 'list']` */
  readonly verb: readonly string[]
  /** The heading that it stands under. */
  readonly group: CommandGroup
  readonly summary: string
  readonly arguments?: readonly CommandArgument[]
  readonly options?: readonly CommandOption[]
  /** One line as somebody would type it, without the program's name. */
  readonly example: string
  /** Runs in the project's folder. */
  run(context: CommandContext, input: CommandInput): Promise<CommandOutput>
  /** How a running platform answers it; a verb without works on the folder only. */
  readonly remote?: Remote
}

/** An option's text, or undefined where it was not given. */
export function optionText(input: CommandInput, name: string): string | undefined {
  const value = input.options[name]
  return typeof value === 'string' ? value : undefined
}

/** The texts of an option that may be given several times. */
export function optionTexts(input: CommandInput, name: string): readonly string[] {
  const value = input.options[name]
  return typeof value === 'object' ? value : typeof value === 'string' ? [value] : []
}
