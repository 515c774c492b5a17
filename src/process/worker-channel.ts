import type { Worker } from '../http/work.ts'
import type { Instant } from '../values/index.ts'
import type { ChannelClient } from './channel.ts'

/** A call to the worker: a method of `Worker`, and what time it is for whoever calls. */
export interface WorkerCall {
  readonly method: keyof Worker
  readonly input: never
  readonly nowMs: Instant
}

const methods: readonly (keyof Worker)[] = [
  'plan',
  'apply',
  'startRun',
  'cancelRun',
  'rollBack',
  'release',
  'buildDataset',
  'report',
  'outcomes',
  'featureHistory',
  'job',
  'cancelJob',
]

/** The worker of another process, over its socket. */
export function remoteWorker(channel: Pick<ChannelClient, 'call'>, now: () => Instant): Worker {
  const calls = methods.map((method) => [
    method,
    (input: unknown) => channel.call('work', { method, input, nowMs: now() }),
  ])
  return Object.fromEntries(calls) as Worker // every method of the interface, answered by the same method over there
}
