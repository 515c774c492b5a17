// Goal: a disk without room costs what cannot be kept and nothing else: events are refused, predictions answered with `logged: false`,
// and all goes on when there is room again. Method: a project whose state lies on a small file system of its own, filled to the brim.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noonmark, type RunningServer, startServer, until } from '../e2e/command-line.ts'
import { removeProject } from '../e2e/small-project.ts'
import {
  clock,
  eventOf,
  findPredictions,
  type LivedProject,
  livedProject,
  type Refused,
  ready,
} from './lived-project.ts'

/** A file system in memory needs leave to mount; where there is none, this cannot be tried. */
const mayMount = process.platform === 'linux' && process.getuid?.() === 0 && canMount()

function canMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe.skipIf(!mayMount)('a full disk (needs leave to mount a file system in memory)', () => {
  let lived: LivedProject
  let state: string
  let ballast: string
  let server: RunningServer

  beforeAll(async () => {
    lived = await livedProject(4)
    state = join(lived.folder, '.noonmark')
    ballast = join(state, 'ballast')
    renameSync(state, `${state}-before`)
    mkdirSync(state)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', state])
    cpSync(`${state}-before`, state, { recursive: true })
    server = await startServer(lived.folder, clock)
    await ready(server)
  }, 120_000)

  afterAll(async () => {
    await server?.stop()
    if (state !== undefined) execFileSync('umount', ['-l', state])
    if (lived !== undefined) removeProject(lived.folder)
  })

  /** Takes all the room that is left. */
  function fill(): void {
    for (let size = 1 << 20; size >= 1; size >>= 1) {
      try {
        for (;;) writeFileSync(ballast, Buffer.alloc(size), { flag: 'a' })
      } catch {
        // Smaller pieces may still fit.
      }
    }
  }

  const send = (id: string) =>
    server.post<{ accepted?: number } & Partial<Refused>>('/v1/sources/deliveries/events', {
      events: [eventOf(id, 'cph')],
    })
  const predict = async (order_id: string) => {
    const { status, json } = await server.post<{
      results: Record<
        string,
        { prediction_id: string; logged: boolean; answered_by: string; output: { probability: number } }
      >
    }>('/v1/moments/order/predictions', { order_id, shop: 'cph', kilograms: 3 })
    expect(status).toBe(200)
    return json.results['late-order']!
  }

  it('refuses events, answers predictions unlogged, refuses training and apply by name, and mends itself', async () => {
    const kept = new Map([...lived.acknowledged.predictions])
    const taken: string[] = []
    fill()
    // Pages that were there already may take a few more.
    let refused: Awaited<ReturnType<typeof send>> | undefined
    for (let i = 0; refused === undefined && i < 200; i++) {
      const answer = await send(`full-${i}`)
      if (answer.status === 200) taken.push(`full-${i}`)
      // Something else that the writer keeps may have met the full disk first and ended it; it starts again.
      else if (answer.json.error?.code === 'writer_unavailable') await new Promise((resume) => setTimeout(resume, 200))
      else refused = answer
    }
    expect(refused).toMatchObject({ status: 503, json: { error: { code: 'log_unavailable' } } })
    expect(refused?.json.error?.message).toMatch(/no space left/i)
    let unlogged = 0
    for (let i = 0; unlogged < 3 && i < 200; i++) {
      const result = await predict(`full-order-${i}`)
      expect(result.answered_by).toBe('champion')
      if (result.logged) kept.set(result.prediction_id, result.output.probability)
      else unlogged++
    }
    expect(unlogged).toBe(3)
    const training = await noonmark(lived.folder, ['train', 'late', '--set', 'trees=7', ...clock])
    expect(training.code, training.out).toBe(1)
    expect(training.error).toMatch(/no space left|disk is full/i)
    expect(training.error).not.toContain('(internal)')
    writeFileSync(
      join(lived.folder, 'features/more.ts'),
      "import { entity, string } from 'noonmark'\n\nexport const more = entity('more', { key: { more: string() }, description: 'More' })\n",
    )
    const apply = await noonmark(lived.folder, ['apply', '--yes', ...clock])
    expect(apply.code, apply.out).toBe(1)
    expect(apply.error).toMatch(/no space left|disk is full/i)
    expect(apply.error).not.toContain('(internal)')

    rmSync(ballast)
    await until('events to be taken again', async () => (await send('after')).status === 200)
    await until('predictions to be logged again', async () => (await predict('after')).logged)
    const { found } = await findPredictions(server, kept)
    expect(found).toEqual(kept)
    for (const id of [...lived.acknowledged.events.keys(), ...taken].slice(-20)) {
      const answer = await send(id)
      // Of the shop that it was sent with, or another: it is known.
      expect([answer.status === 200 ? answer.json.accepted : answer.json.error?.code]).not.toContain(1)
    }
  }, 180_000)
})
