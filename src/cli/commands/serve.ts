import { rename, rm, writeFile } from 'node:fs/promises'
import { errorBody, noonmarkError } from '../../errors.ts'
import { followFolder } from '../../platform/following.ts'
import { openPlatform, type Platform } from '../../platform.ts'
import { type WarmProcesses, warmProcesses } from '../../process/role-process.ts'
import { type Supervisor, type SupervisorOptions, supervise } from '../../process/supervisor.ts'
import { parseInstant } from '../../values/index.ts'
import { type Command, type CommandContext, type CommandInput, optionText } from '../command.ts'

const portOption = {
  name: 'port',
  value: 'number',
  summary: 'the port of the API (default 4600; 0 lets the system choose)',
} as const

/** `noonmark dev` */
export const dev: Command = {
  verb: ['dev'],
  group: 'Run the platform',
  example: 'dev --port 4600',
  summary: 'everything on this machine; applies the folder at the start and whenever it changes',
  options: [portOption],
  async run(context, input) {
    const clock = optionText(input, 'clock')
    const warm = startAhead()
    let opened: Platform | undefined
    const followed = await followFolder({
      rootDir: context.rootDir,
      say: context.say,
      signal: context.signal,
      async open(project) {
        await opened?.close()
        opened = await openPlatform({
          rootDir: context.rootDir,
          ...(project === undefined ? {} : { project }),
          ...(clock === undefined ? {} : { clockMs: parseInstant(clock, { path: '--clock' }) }),
        })
        return opened
      },
    }).catch((error: unknown) => {
      warm.close()
      throw error
    })
    if (followed === null) warm.close()
    if (followed === null) return { json: { url: null }, text: 'Stopped.' }
    try {
      return await serveUntilStopped(followed.platform, context, input, {
        warm,
        onStarted: (supervisor) => followed.follow(() => supervisor.hurry()),
      })
    } finally {
      await followed.close()
      await followed.platform.close()
    }
  },
}

/** `noonmark server` */
export const server: Command = {
  verb: ['server'],
  group: 'Run the platform',
  example: 'server --port 4600',
  summary: 'the production process: serves what is applied',
  options: [portOption],
  async run(context, input) {
    const warm = startAhead()
    try {
      const platform = await context.platform()
      await platform.applied()
      // What is down costs requests here: another process stands ready for it.
      return await serveUntilStopped(platform, context, input, { warm, spare: ['serve', 'writer'] })
    } finally {
      warm.close()
    }
  },
}

/** Starts the processes that are needed in any case, so that they load while the project is looked at. */
function startAhead(): WarmProcesses {
  const warm = warmProcesses()
  for (const role of ['serve', 'writer'] as const) warm.prepare(role)
  return warm
}

/** Runs the roles until the signal comes. `onStarted` may follow what changes meanwhile. */
async function serveUntilStopped(
  platform: Platform,
  context: CommandContext,
  input: CommandInput,
  {
    onStarted,
    ...processes
  }: Pick<SupervisorOptions, 'warm' | 'spare'> & { readonly onStarted?: (supervisor: Supervisor) => void },
) {
  const portText = optionText(input, 'port') ?? '4600'
  const port = Number(portText)
  if (!/^\d+$/.test(portText) || port > 65_535)
    throw noonmarkError('request_invalid', {
      message: `'${portText}' is not a port.`,
      hint: 'Choose 0 to 65535.',
      path: '--port',
    })
  const clock = optionText(input, 'clock')
  let url: string | null = null
  let written = Promise.resolve()
  /** Says where the server is and which processes play its roles now; a reader never sees half a file. */
  const describe = (): Promise<void> => {
    if (url === null) return written
    const file = platform.layout.server
    const text = JSON.stringify({ url, pid: process.pid, roles: supervisor.pids() })
    const before = written.catch(() => undefined)
    written = before.then(async () => {
      await writeFile(`${file}.new`, text)
      await rename(`${file}.new`, file)
    })
    return written
  }
  const supervisor: Supervisor = supervise({
    roles: ['writer', 'worker', 'serve'],
    resting: ['worker'],
    ...processes,
    settings: {
      rootDir: context.rootDir,
      project: platform.project,
      host: '127.0.0.1',
      port,
      clockMs: clock === undefined ? null : parseInstant(clock),
    },
    onLine: (role, line) => context.say(`${role}: ${line}`),
    onExit: (role, reason) => context.say(`${role} ended (${reason}) and starts again`),
    onChange: () => {
      describe().catch((error: unknown) =>
        context.say(`server.json was not written: ${errorBody(error).error.message}`),
      )
    },
  })
  onStarted?.(supervisor)
  try {
    const { serve } = await supervisor.ready()
    url = String(serve?.url)
    await describe()
    context.say(
      `${platform.project} answers at ${url}${clock === undefined ? '' : ` on a replay clock at ${clock}`}. Ctrl-C ends it.`,
    )
    await new Promise<void>((resolve) => {
      if (context.signal.aborted) resolve()
      context.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    return { json: { url }, text: 'Stopped.' }
  } finally {
    await supervisor.stop()
    await written.catch(() => undefined)
    // One that never answered must not wipe out what another server of this folder said of itself.
    if (url !== null) await rm(platform.layout.server, { force: true })
  }
}
