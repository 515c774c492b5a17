/**
 * The local socket between the processes of a platform: calls with an answer, and announcements without one. A frame is a
 * 4-byte big-endian length and a value in V8's serialization, so that bigints, bytes and dates cross as they are.
 */
import { rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { deserialize, serialize } from 'node:v8'
import { isNoonmarkError, noonmarkError, readError, type WireError } from '../errors.ts'

type Frame =
  | { readonly call: number; readonly method: string; readonly input: unknown }
  | { readonly answer: number; readonly output: unknown }
  | { readonly answer: number; readonly error: WireError }
  | { readonly announce: string; readonly data: unknown }

const frameLimitBytes = 256 * 1024 * 1024
/** How often a process says that it is there. */
const aliveEveryMs = 500
/** After so long without a word a process counts as stuck. */
const silenceMs = 3_000
/** Processes of a platform start side by side: until the first connection, calls wait so long for it. */
const firstPatienceMs = 1_000
/** How long to wait before a process that is not there is looked for again. */
const redialMs = 20
/** The announcement that says nothing more. */
const alive = 'alive'

/** What a process answers: one function a method. */
export type Methods = Readonly<Record<string, (input: never) => unknown>>

export interface ChannelServer {
  /** Tells every connected process. */
  announce(event: string, data: unknown): void
  close(): Promise<void>
}

/** Listens on a socket path; one that a killed process left behind is replaced. */
export async function listen(
  path: string,
  methods: Methods,
  greet: () => readonly (readonly [string, unknown])[] = () => [],
): Promise<ChannelServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    for (const [announce, data] of greet()) send(socket, { announce, data })
    receive(socket, (frame) => {
      if (!('call' in frame)) return
      const { call, method, input } = frame
      Promise.resolve()
        .then(() => {
          const run = methods[method]
          if (run === undefined) throw noonmarkError('not_found', { message: `This process has no method ${method}.` })
          return run(input as never) // both ends of a method are typed where the channel is opened
        })
        .then(
          (output) => send(socket, { answer: call, output }),
          (error: unknown) => send(socket, { answer: call, error: wireError(error) }),
        )
    })
  })
  await rm(path, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  const announce = (event: string, data: unknown): void => {
    for (const socket of sockets) send(socket, { announce: event, data })
  }
  const heart = setInterval(() => announce(alive, null), aliveEveryMs)
  heart.unref()
  return {
    announce,
    close: async () => {
      clearInterval(heart)
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface ChannelClient {
  /** Calls a method of the other process. Throws its error, or writer_unavailable (worker_unavailable) when it is not there or goes away. */
  call(method: string, input: unknown, options?: CallOptions): Promise<unknown>
  readonly connected: boolean
  /** Connected, and heard of within the last seconds: a process that is stopped or stuck is not. */
  readonly responsive: boolean
  close(): void
}

/** How a call is made. */
export interface CallOptions {
  /** After it the caller is told that nobody answered; what was asked for may be done all the same. */
  readonly deadlineMs?: number
}

export interface ChannelClientOptions {
  readonly onAnnounce?: (event: string, data: unknown) => void
  readonly onConnect?: () => void
  readonly onDisconnect?: () => void
  /** Who is at the other end, for messages. */
  readonly peer: 'writer' | 'worker'
}

/** Connects to a socket path and stays connected: a process that restarts is found again in a moment. */
export function dial(path: string, options: ChannelClientOptions): ChannelClient {
  const waiting = new Map<number, { resolve: (output: unknown) => void; reject: (error: unknown) => void }>()
  let next = 0
  let socket: Socket | null = null
  let closed = false
  let retry: NodeJS.Timeout | undefined
  let heardAtMs = 0
  /** Resolves with the first connection, or when the time for it is over: who just started is looked for no longer than that. */
  const { promise: found, resolve: find } = Promise.withResolvers<void>()
  let looking: NodeJS.Timeout | null = setTimeout(() => endLooking(), firstPatienceMs)
  const endLooking = (): void => {
    if (looking !== null) clearTimeout(looking)
    looking = null
    find()
  }
  /** A call missed its deadline and nothing was heard since: further ones would only pile up. */
  let stuck = false

  const refusal = (message: string) => noonmarkError(`${options.peer}_unavailable`, { message })
  const gone = () => refusal(`The ${options.peer} process is not there.`)
  const lost = () => {
    if (socket !== null) options.onDisconnect?.()
    socket = null
    stuck = false
    for (const { reject } of waiting.values()) reject(gone())
    waiting.clear()
    if (!closed) retry = setTimeout(open, redialMs)
  }
  const open = (): void => {
    const attempt = connect(path)
    attempt.on('connect', () => {
      socket = attempt
      heardAtMs = performance.now()
      endLooking()
      options.onConnect?.()
    })
    attempt.on('error', () => attempt.destroy())
    attempt.on('close', lost)
    receive(attempt, (frame) => {
      heardAtMs = performance.now()
      stuck = false
      if ('announce' in frame) {
        if (frame.announce !== alive) options.onAnnounce?.(frame.announce, frame.data)
      } else if ('answer' in frame) {
        const caller = waiting.get(frame.answer)
        waiting.delete(frame.answer)
        if ('error' in frame) caller?.reject(readError(frame.error))
        else caller?.resolve(frame.output)
      }
    })
  }
  open()
  return {
    get connected() {
      return socket !== null
    },
    get responsive() {
      return socket !== null && !stuck && performance.now() - heardAtMs < silenceMs
    },
    async call(method, input, { deadlineMs } = {}) {
      if (looking !== null) await found
      const target = socket
      if (target === null) throw gone()
      if (stuck) throw refusal(`The ${options.peer} process does not answer.`)
      const call = next++
      return new Promise((resolve, reject) => {
        const timer =
          deadlineMs === undefined
            ? undefined
            : setTimeout(() => {
                waiting.delete(call)
                stuck = performance.now() - heardAtMs >= deadlineMs
                reject(refusal(`The ${options.peer} process did not answer within ${deadlineMs / 1000} s.`))
              }, deadlineMs)
        waiting.set(call, {
          resolve: (output) => {
            clearTimeout(timer)
            resolve(output)
          },
          reject: (error) => {
            clearTimeout(timer)
            reject(error)
          },
        })
        send(target, { call, method, input })
      })
    },
    close() {
      closed = true
      endLooking()
      clearTimeout(retry)
      socket?.destroy()
    },
  }
}

/** A connection to a process that may rest: it is woken, and waited for, by the call that needs it. */
export function dialResting(
  path: string,
  { peer, wake, patienceMs }: { readonly peer: 'worker'; readonly wake: () => void; readonly patienceMs: number },
): Pick<ChannelClient, 'call' | 'close' | 'responsive'> {
  let closed = false
  let reached: Promise<ChannelClient> | null = null
  let dialled: ChannelClient | null = null
  /** It was woken in vain. */
  let missed = false
  const reach = (): Promise<ChannelClient> => {
    const { promise, resolve, reject } = Promise.withResolvers<ChannelClient>()
    const forget = (): void => {
      if (reached === promise) reached = null
      client.close()
    }
    const timer = setTimeout(() => {
      missed = true
      forget()
      reject(noonmarkError(`${peer}_unavailable`, { message: `The ${peer} process is not there.` }))
    }, patienceMs)
    const client = dial(path, {
      peer,
      onConnect() {
        clearTimeout(timer)
        missed = false
        resolve(client)
      },
      onDisconnect: forget,
    })
    dialled = client
    wake()
    return promise
  }
  return {
    /** One that rests is there when it is needed. */
    get responsive() {
      return !missed && (dialled === null || !dialled.connected || dialled.responsive)
    },
    async call(method, input, options) {
      if (closed) throw noonmarkError(`${peer}_unavailable`)
      reached ??= reach()
      return (await reached).call(method, input, options)
    },
    close() {
      closed = true
      dialled?.close()
    },
  }
}

function send(socket: Socket, frame: Frame): void {
  if (socket.destroyed) return
  const body = serialize(frame)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  socket.cork()
  socket.write(head)
  socket.write(body)
  process.nextTick(() => socket.uncork())
}

function receive(socket: Socket, onFrame: (frame: Frame) => void): void {
  let pending: Buffer[] = []
  let size = 0
  let wanted = -1
  socket.on('data', (chunk: Buffer) => {
    pending.push(chunk)
    size += chunk.length
    while (size >= (wanted < 0 ? 4 : wanted)) {
      const all: Buffer = pending.length === 1 ? pending[0]! : Buffer.concat(pending)
      const take = wanted < 0 ? 4 : wanted
      if (wanted < 0) {
        wanted = all.readUInt32BE(0)
        if (wanted > frameLimitBytes) {
          socket.destroy()
          return
        }
      } else {
        wanted = -1
        onFrame(deserialize(all.subarray(0, take)) as Frame) // both ends are this file
      }
      pending = [all.subarray(take)]
      size -= take
    }
  })
}

function wireError(error: unknown): WireError {
  if (!isNoonmarkError(error))
    return { code: 'internal', message: error instanceof Error ? error.message : String(error) }
  return {
    code: error.code,
    message: error.message,
    hint: error.hint,
    ...(error.path === undefined ? {} : { path: error.path }),
  }
}
