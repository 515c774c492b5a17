/** The entry of a thread of gradient boosting: does its share of one phase after the other until it is ended. */
import { parentPort, workerData } from 'node:worker_threads'
import { BoostingMemory } from './gradient-boosting-memory.ts'
import { BoostingShare, phases } from './gradient-boosting-share.ts'
import type { ThreadStart } from './gradient-boosting-team.ts'
import { awaitChange, teamWord } from './gradient-boosting-wait.ts'

const { size, pages, pool, thread, features, parameters }: ThreadStart = workerData
const memory = new BoostingMemory(size, { pages, pool })
const share = new BoostingShare(memory, thread, features, parameters)
const { control } = memory
parentPort?.postMessage('begun')

for (let turn = 0; ; ) {
  turn = awaitChange(control, teamWord.turn, turn)
  const phase = phases[control[teamWord.phase]!]
  if (phase === undefined) break
  try {
    share.run(phase)
  } catch (error) {
    Atomics.store(control, teamWord.failed, 1)
    console.error(error)
  }
  Atomics.add(control, teamWord.done, 1)
  Atomics.notify(control, teamWord.done)
}
