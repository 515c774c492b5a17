import { setTimeout as pause } from 'node:timers/promises'
import { readError } from '../errors.ts'
import type { Method } from '../http/route.ts'
import type { JobJson } from '../http/work.ts'
import type { CommandContext, CommandInput, CommandOutput } from './command.ts'
import type { ServerAnswer, ServerConnection } from './server-connection.ts'

/** What the parts of a remote may ask. */
export interface RemoteContext extends CommandContext {
  readonly server: ServerConnection
  /** The JSON at a path of the server. */
  readonly get: (path: string) => Promise<unknown>
  /** Ends the command here, with this to say. */
  readonly end: (output: CommandOutput) => never
}

/** Work that goes on after the answer: where to look, and how far it is. */
export interface Following {
  readonly path: string
  readonly progress: { readonly step: string; readonly done: number; readonly total: number } | null
}

/** How a running platform answers a verb: the request that the input makes, and what its answer says. */
export interface Remote {
  readonly method: Method
  readonly path: (input: CommandInput, context: RemoteContext) => string | Promise<string>
  /** Several bodies are several calls; the answer is then the list of answers. */
  readonly body?: (input: CommandInput, context: RemoteContext) => unknown
  /** Whether an answer is work that goes on: it is looked at until it is not. An interrupt deletes it. */
  readonly follow?: (answer: unknown) => Following | null
  /** The answer is text, shown line by line as it comes; `output` gets the lines. */
  readonly lines?: true
  readonly output: (
    answer: unknown,
    input: CommandInput,
    context: RemoteContext,
  ) => CommandOutput | Promise<CommandOutput>
}

/** A remote whose `output` and `follow` know the form of the answer: that of the route. */
export function remote<Answer>(
  parts: Omit<Remote, 'follow' | 'output'> & {
    readonly follow?: (answer: Answer) => Following | null
    readonly output: (
      answer: Answer,
      input: CommandInput,
      context: RemoteContext,
    ) => CommandOutput | Promise<CommandOutput>
  },
): Remote {
  return parts as Remote // types end at the door: the route says what it answers
}

/** How often work that goes on is looked at. */
const lookMs = 500

/** Runs a verb on a server. */
export async function runRemote(
  { method, path, body, follow, lines, output }: Remote,
  context: CommandContext,
  input: CommandInput,
  server: ServerConnection,
): Promise<CommandOutput> {
  const asking: RemoteContext = {
    ...context,
    server,
    get: async (at) => (await server.send('GET', at)).body,
    end: (said) => {
      throw new Ended(said)
    },
  }
  try {
    const at = await path(input, asking)
    if (lines) return await output(await readLines(server, at, context), input, asking)
    const given = await body?.(input, asking)
    if (isAsyncIterable(given)) {
      return await output(await sendAll(given, (one) => server.send(method, at, one)), input, asking)
    }
    const first = await server.send(method, at, given)
    const answer = await (first.status === 202 && isJob(first.body)
      ? endOfJob(first.body, server, context)
      : endOf(first.body, follow, server, context))
    return await output(answer, input, asking)
  } catch (error) {
    if (error instanceof Ended) return error.output
    throw error
  }
}

class Ended extends Error {
  readonly output: CommandOutput

  constructor(output: CommandOutput) {
    super('the command ended')
    this.output = output
  }
}

/** Sends bodies one after another. Whoever makes them hears of an error first, and may say more of it. */
async function sendAll(
  bodies: AsyncIterable<unknown>,
  send: (body: unknown) => Promise<ServerAnswer>,
): Promise<unknown[]> {
  const answers: unknown[] = []
  const iterator = bodies[Symbol.asyncIterator]()
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    try {
      answers.push((await send(next.value)).body)
    } catch (error) {
      await iterator.throw?.(error)
      throw error
    }
  }
  return answers
}

async function readLines(server: ServerConnection, path: string, { say, signal }: CommandContext): Promise<string[]> {
  const lines: string[] = []
  const decoder = new TextDecoder()
  let rest = ''
  const take = (line: string): void => {
    lines.push(line)
    say(line)
  }
  try {
    for await (const bytes of await server.read(path, signal)) {
      const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = parts.pop() ?? ''
      for (const line of parts) take(line)
    }
  } catch (error) {
    // Whoever interrupts has read enough.
    if (!signal.aborted) throw error
  }
  if (rest !== '') take(rest)
  return lines
}

async function endOf(
  answer: unknown,
  follow: Remote['follow'],
  server: ServerConnection,
  { signal, progress }: CommandContext,
): Promise<unknown> {
  let now = answer
  let isDeleted = false
  for (;;) {
    const following = follow?.(now) ?? null
    if (following === null) return now
    const { path, progress: far } = following
    if (far !== null) progress(far.step, far.done, far.total)
    if (signal.aborted && !isDeleted) {
      isDeleted = true
      now = (await server.send('DELETE', path)).body
      continue
    }
    await pause(lookMs, undefined, isDeleted ? {} : { signal }).catch(() => undefined)
    now = (await server.send('GET', path)).body
  }
}

async function endOfJob(job: JobJson, server: ServerConnection, context: CommandContext): Promise<unknown> {
  const ended = (await endOf(
    job,
    (now) => {
      const { id, status, progress } = now as JobJson // the route of jobs answers nothing else
      return status === 'running' ? { path: `/v1/jobs/${id}`, progress } : null
    },
    server,
    context,
  )) as JobJson
  if (ended.error !== null) throw readError(ended.error)
  return ended.result
}

function isJob(value: unknown): value is JobJson {
  return typeof value === 'object' && value !== null && 'kind' in value && 'result' in value && 'progress' in value
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/** Query text for what was given: `?model=late`, or nothing. */
export function search(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}
